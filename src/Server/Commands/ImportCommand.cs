using System.CommandLine;
using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Migrations;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;

namespace Clientele.Server.Commands;

/// <summary>
/// clientele import KIND FILE --map MAPPING, of whatever kinds the modules import. Takes the file in, then works on it here; a server over the same database
/// may take part, and finishes it if this process is killed.
/// </summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var (data, database) = (Options.Data(), Options.Database());
        var kind = new Argument<string>("kind") { Description = "What the file holds: orders, customers or events." };
        var file = new Argument<string>("file") { Description = "A CSV file, or JSON lines; also gzipped." };
        var map = new Option<string>("--map") { Description = "The mapping, a JSON file (see docs/guides/import.md).", HelpName = "FILE", Required = true };
        var slug = new Option<string?>("--organization") { Description = "Which organization, when there are several: the word in the console's address.", HelpName = "SLUG" };
        var command = new Command("import", "Import a file.") { kind, file, map, slug, data, database };
        command.SetAction((parsed, ct) => Run(
            parsed.GetValue(kind)!, parsed.GetValue(file)!, parsed.GetValue(map)!, parsed.GetValue(slug), parsed.GetValue(data)!, parsed.GetValue(database), ct));
        return command;
    }

    private static async Task<int> Run(string kind, string path, string map, string? slug, string data, string? database, CancellationToken ct)
    {
        // Everything that can be wrong with the command is looked at before anything is started or written.
        using var known = Services(null);
        var importers = known.GetServices<IImporter>().ToList();
        if (!importers.Exists(i => i.Kind == kind)) throw new SetupException($"There is no import of \"{kind}\". There is: {string.Join(", ", importers.Select(i => i.Kind))}.");
        var mapping = await ReadMapping(map, ct);
        await using var stream = Open(path);
        using var loggers = LoggerFactory.Create(l => l.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        await using var home = await DatabaseHome.Attach(database, data, loggers, ct);
        var db = new Db(home.Databases.Application, new Tenant(await Options.FindOrganization(home.Databases, slug, ct), null, Access.System));
        var id = await Receive(db, importers, kind, path, stream, mapping, ct);
        using var services = Services(home.Databases);
        // Only a database of our own that was started for this command has an administrator here.
        var import = await ImportFollow.ToEnd(services.GetRequiredService<ImportWorker>(), db, id, alone: home.Administrator is not null, ct);
        Console.WriteLine(Summary(import));
        return import.State == "completed" ? 0 : CommandLine.Failed;
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

    private static string Summary(ImportView i) => string.Create(CultureInfo.InvariantCulture, $"""
        {i.State}: {i.LinesRead:N0} lines read, {i.Accepted:N0} imported, {i.Duplicates:N0} already there, {i.Rejected:N0} rejected
        {Made(i)}
        {i.Problem ?? $"import {i.Id}; rejected lines and undo: console, Imports"}
        """);

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
        try { return Mapping.Parse(await File.ReadAllTextAsync(path, ct)); }
        catch (Problem e) when (e.Errors is { } faults)
        {
            throw Problem.Invalid(faults.ToDictionary(f => f.Key, f => f.Value.Select(fault => $"{path}: {fault}").ToArray()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new SetupException($"The mapping cannot be read: {e.Message}", e); }
    }

    private static FileStream Open(string path)
    {
        try { return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 128 * 1024, useAsync: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException) { throw new SetupException($"The file cannot be read: {e.Message}", e); }
    }

    private static ServiceProvider Services(Databases? databases)
    {
        var services = new ServiceCollection().AddLogging(l => l.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(LogLevel.Warning));
        if (databases is not null) services.AddSingleton(databases);
        // Of all that the modules are made of, what imports: the rest is the server's.
        var all = new ServiceCollection();
        foreach (var module in Modules.All) module.AddServices(all);
        foreach (var importer in all.Where(s => s.ServiceType == typeof(IImporter))) services.Add(importer);
        services.AddSingleton<ImportWorker>();
        return services.BuildServiceProvider();
    }
}
