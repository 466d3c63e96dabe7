using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;

namespace Clientele.Server.Commands;

/// <summary>
/// clientele import KIND FILE --map MAPPING, of whatever kinds the modules import. Takes the file in, then works on it here; a server over the same database
/// may take part, and finishes it if this process is killed.
/// </summary>
internal static class ImportCommand
{
    private const int ReasonsToTell = 3;

    // Long enough for whoever restarts it.
    private static readonly TimeSpan ServerMayBeAway = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var kind = new Argument<string>("kind") { Description = "What the file holds: orders, customers or events." };
        var file = new Argument<string>("file") { Description = "A CSV file, or JSON lines; also gzipped." };
        var map = new Option<string>("--map") { Description = "The mapping, a JSON file (see docs/guides/import.md).", HelpName = "FILE", Required = true };
        var slug = new Option<string?>("--organization") { Description = "Which organization, when there are several: the word in the console's address.", HelpName = "SLUG" };
        var rejects = new Option<string?>("--rejects") { Description = "Write the rejected lines there, as CSV with number and reason.", HelpName = "FILE" };
        var command = new Command("import", "Import a file.") { kind, file, map, rejects, slug, data, database };
        command.SetAction((parsed, ct) => Run(
            parsed.GetValue(kind)!, parsed.GetValue(file)!, parsed.GetValue(map)!, parsed.GetValue(rejects), parsed.GetValue(slug), parsed.GetValue(data)!, parsed.GetValue(database), ct));
        return command;
    }

    private static async Task<int> Run(string kind, string path, string map, string? rejects, string? slug, string data, string? database, CancellationToken ct)
    {
        // Everything that can be wrong with the command is looked at before anything is started or written.
        using var known = Services(null);
        var importers = known.GetServices<IImporter>().ToList();
        if (!importers.Exists(i => i.Kind == kind)) throw new SetupException($"There is no import of \"{kind}\". There is: {string.Join(", ", importers.Select(i => i.Kind))}.");
        var mapping = await ReadMapping(map, ct);
        await using var stream = Open(path);
        if (rejects is not null) await CheckPlace(rejects, path, map, ct);
        using var loggers = LogLines.OfCommand();
        await using var home = await DatabaseHome.Attach(database, data, loggers, ct);
        var db = new Db(home.Databases.Application, new Tenant(await Options.FindOrganization(home.Databases, slug, ct), null, Access.System));
        var id = await Receive(db, importers, kind, path, stream, mapping, ct);
        using var services = Services(home.Databases);
        // Only a database of our own that was started for this command has an administrator here.
        var alone = home.Administrator is not null;
        Func<bool>? served = alone || !string.IsNullOrWhiteSpace(database) ? null : () => DataFolderLock.IsHeld(data);
        if (await ImportFollow.ToEnd(services.GetRequiredService<ImportWorker>(), db, id, alone, served, ServerMayBeAway, ct) is not { } import) return CommandLine.Failed;
        await Report(db, import, rejects);
        // A file of which nothing was taken was not imported, whatever became of the import.
        return import.State == "completed" && import.Accepted + import.Duplicates > 0 ? 0 : CommandLine.Failed;
    }

    private static async Task<Guid> Receive(Db db, List<IImporter> importers, string kind, string path, Stream stream, Mapping mapping, CancellationToken ct)
    {
        try
        {
            var id = await ImportReceiver.Receive(db, kind, Path.GetFileName(path), stream, ct);
            try
            {
                if (await ImportCommands.FindUnfinished(db, id, mapping, ct) is not { } earlier)
                {
                    await ImportCommands.Start(db, importers, id, mapping, ct);
                    return id;
                }
                await ImportCommands.Delete(db, id, ct);
                await Console.Error.WriteLineAsync("This file with this mapping was begun before; going on with that import.");
                return earlier;
            }
            catch
            {
                // Nothing half-written stays; what went wrong goes on up.
                await ImportCommands.Delete(db, id, CancellationToken.None);
                throw;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("clientele: stopped while the file was looked at; nothing was written.");
            throw;
        }
    }

    // It has ended: a stop now does not take its result away.
    private static async Task Report(Db db, ImportView i, string? rejects)
    {
        Say($"{i.State}: {i.LinesRead:N0} lines read, {i.Accepted:N0} imported, {i.Duplicates:N0} already there, {i.Rejected:N0} rejected");
        if (Made(i) is { Length: > 0 } made) Console.WriteLine(made);
        if (i.Rejected > 0)
        {
            var reasons = await RejectedLines.Reasons(db, i.Id, ReasonsToTell, CancellationToken.None);
            foreach (var reason in reasons) Say($"{reason.Lines:N0} rejected, the first is line {reason.First}: {reason.Reason}");
            if (i.Rejected - reasons.Sum(r => r.Lines) is > 0 and var others) Say($"{others:N0} rejected for other reasons");
        }
        if (rejects is not null)
        {
            await using var file = new FileStream(rejects, FileMode.Create, FileAccess.Write, FileShare.Read, 128 * 1024, useAsync: true);
            await RejectedLines.Write(db, i.Id, file, CancellationToken.None);
            Say($"rejected lines: {rejects}");
        }
        if (i.State == "completed" && i.Accepted + i.Duplicates == 0) Console.WriteLine("Nothing was imported: every line was rejected. Correct the mapping or the file, and import again.");
        Console.WriteLine(i.Problem ?? $"import {i.Id}; {(i.Rejected > 0 && rejects is null ? "rejected lines: the same command with --rejects FILE, or console, Imports; undo" : "undo")}: console, Imports");
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    // The importers' own names for what they make, in the order of telling.
    private static readonly (string Name, string Words)[] made =
    [
        ("orders", "orders"), ("refunds", "refunds"), ("adjustments", "adjustments"), ("events", "events"), ("dropped", "dropped (their people refused or were erased)"),
        ("customersCreated", "new customers"), ("customersChanged", "customers told of"),
    ];

    private static string Made(ImportView i) => string.Join(", ", made.Where(m => i.Counts.TryGetProperty(m.Name, out _))
        .Select(m => string.Create(CultureInfo.InvariantCulture, $"{i.Counts.GetProperty(m.Name).GetInt64():N0} {m.Words}")));

    private static async Task<Mapping> ReadMapping(string path, CancellationToken ct)
    {
        if (Directory.Exists(path)) throw new SetupException($"The mapping {path} is a folder. Name a file in it.");
        try { return Mapping.Parse(await File.ReadAllTextAsync(path, ct)); }
        catch (Problem e) when (e.Errors is { } faults)
        {
            throw Problem.Invalid(faults.ToDictionary(f => f.Key, f => f.Value.Select(fault => $"{path}: {fault}").ToArray()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new SetupException($"The mapping cannot be read: {e.Message}", e); }
    }

    // Before the import, which may take long; the file itself is made when there is something to write.
    private static async Task CheckPlace(string path, string file, string map, CancellationToken ct)
    {
        if (Directory.Exists(path)) throw new SetupException($"{path} is a folder. Name a file to write the rejected lines to.");
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))) throw new SetupException($"There is no folder for {path}. Make it, or write the rejected lines elsewhere.");
        if (await SameFile(path, file, ct)) throw new SetupException($"--rejects {path} is the file to import, which would be overwritten. Name another file to write the rejected lines to.");
        if (await SameFile(path, map, ct)) throw new SetupException($"--rejects {path} is the mapping, which would be overwritten. Name another file to write the rejected lines to.");
    }

    // By what the names lead to, links of either kind included, which .NET does not tell.
    private static async Task<bool> SameFile(string one, string other, CancellationToken ct)
    {
        using var test = Process.Start(new ProcessStartInfo("test", [Path.GetFullPath(one), "-ef", Path.GetFullPath(other)]))!;
        await test.WaitForExitAsync(ct);
        return test.ExitCode == 0;
    }

    private static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new SetupException($"{path} is a folder. Name a file in it.");
        try { return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 128 * 1024, useAsync: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException) { throw new SetupException($"The file cannot be read: {e.Message}", e); }
    }

    private static ServiceProvider Services(Databases? databases)
    {
        var services = new ServiceCollection().AddLogging(l => LogLines.AddTo(l).SetMinimumLevel(LogLevel.Warning));
        if (databases is not null) services.AddSingleton(databases);
        // Of all that the modules are made of, what imports: the rest is the server's.
        var all = new ServiceCollection();
        foreach (var module in Modules.All) module.AddServices(all);
        foreach (var importer in all.Where(s => s.ServiceType == typeof(IImporter))) services.Add(importer);
        services.AddSingleton<ImportWorker>();
        return services.BuildServiceProvider();
    }
}
