using System.CommandLine;
using Clientele.Platform.Backups;
using Clientele.Platform.Files;
using Clientele.Platform.Secrets;

namespace Clientele.Server.Commands;

/// <summary>clientele check: everything the platform can prove about its own data.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var command = new Command("check", "Look whether the data is consistent: constraints, policies, the log, ledgers, the audit trail, stored files, every total. Reads only.") { data, database };
        command.SetAction(async (parsed, ct) =>
        {
            using var loggers = LogLines.OfCommand();
            await using var home = await DatabaseHome.Attach(parsed.GetValue(database), parsed.GetValue(data)!, loggers, ct);
            var found = await new Consistency(home.Databases, KeyRing.Exists(parsed.GetValue(data)!) ? KeyRing.Open(parsed.GetValue(data)!) : KeyRing.Temporary(), FileStores.Open(Path.Combine(parsed.GetValue(data)!, "files"))).Run(ct);
            Print(found);
            return found.All(c => c.Faults == 0) ? 0 : CommandLine.Failed;
        });
        return command;
    }

    internal static void Print(IReadOnlyList<Checked> found)
    {
        foreach (var check in found) Console.WriteLine($"{(check.Faults == 0 ? "ok    " : "FAULT ")}{check.Name}: {check.Detail}");
    }
}
