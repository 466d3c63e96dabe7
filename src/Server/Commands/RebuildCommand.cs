using System.CommandLine;
using System.Globalization;
using Clientele.Analytics.Queries.Following;
using Clientele.Platform.Migrations;

namespace Clientele.Server.Commands;

/// <summary>clientele rebuild timelines: throws what is derived away and builds it again from the log, here or in the server that runs on the folder.</summary>
internal static class RebuildCommand
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var timelines = new Command("timelines", "Build the timelines of this node again from the log.") { data, database };
        timelines.SetAction((parsed, ct) => Rebuild(parsed.GetValue(data)!, parsed.GetValue(database), ct));
        return new Command("rebuild", "Build derived files again.") { timelines };
    }

    private static async Task<int> Rebuild(string data, string? database, CancellationToken ct)
    {
        var folder = ServeCommand.TimelinesOf(data);
        if (IsHeld(folder)) return await Ask(folder, ct);
        using var loggers = LogLines.OfCommand();
        await using var home = await DatabaseHome.Attach(database, data, loggers, ct);
        using var node = new TimelinesNode(home.Databases, new TimelinesOptions(folder), TimeProvider.System, loggers.CreateLogger<TimelinesNode>());
        node.RequestRebuild();
        var building = node.CatchUp(ct);
        while (!building.IsCompleted)
        {
            await Task.WhenAny(building, Task.Delay(1000, ct));
            Report(node.Status.Progress);
        }
        await building;
        Console.WriteLine("The timelines are built.");
        return 0;
    }

    // A server works in the folder: it is asked by a file, writes into it how far it is, and deletes it in the end.
    private static async Task<int> Ask(string folder, CancellationToken ct)
    {
        var request = RebuildFile.Request(folder);
        await File.WriteAllTextAsync(request, "0", ct);
        var (said, since) = ("0", TimeProvider.System.GetTimestamp());
        while (File.Exists(request))
        {
            await Task.Delay(500, ct);
            string now;
            try { now = await File.ReadAllTextAsync(request, ct); }
            catch (FileNotFoundException) { break; }
            if (now != said && double.TryParse(now, CultureInfo.InvariantCulture, out var progress))
            {
                (said, since) = (now, TimeProvider.System.GetTimestamp());
                Report(progress);
            }
            if (IsHeld(folder) || TimeProvider.System.GetElapsedTime(since) < patience) continue;
            File.Delete(request);
            throw new SetupException("The server on this folder ended before the timelines were built. Run the command again.");
        }
        Console.WriteLine("The timelines are built.");
        return 0;
    }

    private static void Report(double progress) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{progress * 100:0} %"));

    private static bool IsHeld(string folder)
    {
        var file = Path.Combine(folder, "lock");
        if (!File.Exists(file)) return false;
        try
        {
            using var hold = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException) { return true; }
    }
}
