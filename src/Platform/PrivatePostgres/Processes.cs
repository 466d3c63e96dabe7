using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>What runs on this machine, as far as a PostgreSQL that is not our child needs it.</summary>
internal static class Processes
{
    internal static bool IsAlive(int processId)
    {
        if (!OperatingSystem.IsLinux())
            return CommandLineByPs(processId) is not null;
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            // After the name in brackets: the state. A zombie is dead; in a container nobody may ever collect it.
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Process ids are used again: only a living postgres that was started on this very folder is its postmaster.</summary>
    internal static bool IsPostmasterOf(int processId, string cluster)
    {
        if (!IsAlive(processId))
            return false;
        var arguments = OperatingSystem.IsLinux() ? CommandLine(processId) : CommandLineByPs(processId)?.Split(' ');
        return arguments is [var program, .. var rest] && Path.GetFileName(program) is "postgres" or "postmaster" && rest.Contains(cluster);
    }

    /// <summary>The server processes of a cluster whose postmaster is gone; their title holds the cluster's name.</summary>
    internal static List<int> LeftoversOf(string clusterName)
    {
        var title = $"postgres: {clusterName}: ";
        return Where(command => command[0].StartsWith(title, StringComparison.Ordinal));
    }

    /// <summary>Those that make a cluster in this folder, and what is about to become one of them.</summary>
    internal static List<int> MakersOf(string cluster) =>
        Where(command => Path.GetFileName(command[0]) is "initdb" or "postgres" or "sh" or "setsid" or "setpriv" or "runuser" && command.Contains(cluster));

    private static List<int> Where(Func<string[], bool> runs)
    {
        var found = new List<int>();
        if (!OperatingSystem.IsLinux())
            return found;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                && CommandLine(processId) is [_, ..] command && runs(command) && IsAlive(processId))
                found.Add(processId);
        return found;
    }

    private static string[]? CommandLine(int processId)
    {
        try
        {
            var bytes = File.ReadAllBytes($"/proc/{processId}/cmdline");
            return bytes.Length is 0 ? null : Encoding.UTF8.GetString(bytes).TrimEnd('\0').Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? CommandLineByPs(int processId)
    {
        var start = new ProcessStartInfo("ps", ["-o", "command=", "-p", processId.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        using var ps = Process.Start(start)!;
        var line = ps.StandardOutput.ReadToEnd().Trim();
        ps.WaitForExit();
        return line is "" ? null : line;
    }
}
