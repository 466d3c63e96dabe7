using System.CommandLine;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Platform.Secrets;

namespace Clientele.Server.Commands;

/// <summary>clientele keys: the ring that secrets are encrypted with.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "The keys that secrets are encrypted with.") { List(), Rotate(), Forget(), New() };

    private static Command List()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var command = new Command("list", "Which keys there are, and how much each has encrypted.") { data, database };
        command.SetAction((parsed, ct) => With(parsed.GetValue(data)!, parsed.GetValue(database), async (ring, resealing) =>
        {
            var counts = await resealing.Count(ct);
            foreach (var id in ring.Ids) Console.WriteLine($"{id}  {counts.GetValueOrDefault(id):N0} values{(id == ring.Current ? "  (current)" : string.Empty)}");
            var missing = counts.Where(c => !ring.Ids.Contains(c.Key)).ToList();
            foreach (var (id, count) in missing) Console.WriteLine($"{id}  {count:N0} values  (NOT IN THE RING: they cannot be read)");
            return missing.Count == 0 ? 0 : CommandLine.Failed;
        }, ct));
        return command;
    }

    private static Command Rotate()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var command = new Command("rotate", "Put a new key in front, and encrypt everything anew with it. Old keys stay until keys forget.") { data, database };
        command.SetAction((parsed, ct) => With(parsed.GetValue(data)!, parsed.GetValue(database), async (ring, resealing) =>
        {
            if (ring.IsFile) Console.WriteLine($"The current key is {ring.Rotate()} now. Running servers on this folder take it up by themselves.");
            else Console.WriteLine($"The keys are those of {KeyRing.Variable}; the current one is {ring.Current}. To put a new one in front: clientele keys new, set it before the others on every node, restart them, then run this again.");
            var good = true;
            foreach (var result in await resealing.Run(ct))
            {
                Console.WriteLine($"{result.Column}: {result.Done:N0} of {result.Total:N0} encrypted anew{(result.Unreadable > 0 ? $", {result.Unreadable:N0} CANNOT BE READ: their key is not in the ring" : string.Empty)}");
                good &= result.Unreadable == 0;
            }
            return good ? 0 : CommandLine.Failed;
        }, ct));
        return command;
    }

    private static Command Forget()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var command = new Command("forget", "Take keys out of the ring that nothing is encrypted with any more. Seals of the audit trail they signed can be checked by their hashes alone from then on.") { data, database };
        command.SetAction((parsed, ct) => With(parsed.GetValue(data)!, parsed.GetValue(database), async (ring, resealing) =>
        {
            if (!ring.IsFile) throw new SetupException($"The keys are those of {KeyRing.Variable}: take the old ones out of it.");
            var counts = await resealing.Count(ct);
            var idle = ring.Ids.Where(id => id != ring.Current && !counts.ContainsKey(id)).ToList();
            ring.Forget(idle);
            Console.WriteLine(idle.Count == 0 ? "There is nothing to forget." : $"Forgotten: {string.Join(", ", idle)}. Backups made before are readable with them only: keep them with the backups.");
            return 0;
        }, ct));
        return command;
    }

    private static Command New()
    {
        var command = new Command("new", $"Print a new key for {KeyRing.Variable}.");
        command.SetAction(_ =>
        {
            Console.WriteLine(KeyRing.NewKey());
            return 0;
        });
        return command;
    }

    private static async Task<int> With(string data, string? database, Func<KeyRing, Resealing, Task<int>> act, CancellationToken ct)
    {
        using var loggers = LogLines.OfCommand();
        if (!KeyRing.Exists(data)) throw new SetupException($"There are no keys in {Path.GetFullPath(data)}, and {KeyRing.Variable} is not set. Name the data folder of a server with --data.");
        await using var home = await DatabaseHome.Attach(database, data, loggers, ct);
        var ring = KeyRing.Open(data);
        var services = new ServiceCollection();
        foreach (IModule module in Modules.All) module.AddServices(services);
        var columns = services.Where(s => s.ServiceType == typeof(SealedColumn)).Select(s => (SealedColumn)s.ImplementationInstance!);
        return await act(ring, new Resealing(home.Databases, ring, columns));
    }
}
