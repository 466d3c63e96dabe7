using System.Diagnostics;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>A running PostgreSQL: a child of ours, or one that an earlier Clientele left behind.</summary>
internal sealed class Postmaster
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private Postmaster(int processId, Task exited)
    {
        ProcessId = processId;
        Exited = exited;
    }

    /// <summary>The postmaster's own, once it is ready; before that, of the process that becomes it.</summary>
    internal int ProcessId { get; set; }

    internal Task Exited { get; }

    internal static Postmaster OfChild(Process child) => new(child.Id, Wait(child));

    // Only a parent is told of the end of a process; for the others there is nothing but to look.
    internal static Postmaster OfStranger(int processId) => new(processId, Watch(processId));

    /// <summary>True when it has ended within the time.</summary>
    internal async Task<bool> HasExitedWithin(TimeSpan time) =>
        await Task.WhenAny(Exited, Task.Delay(time)) == Exited;

    private static async Task Wait(Process child)
    {
        using (child)
            await child.WaitForExitAsync();
    }

    private static async Task Watch(int processId)
    {
        while (Processes.IsAlive(processId))
            await Task.Delay(Poll);
    }
}
