using System.CommandLine;
using System.Globalization;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Secrets;
using Npgsql;

namespace Clientele.Server.Commands;

/// <summary>clientele restore: puts a backup in the place of the database, once it has passed every check. Every node must be stopped.</summary>
internal static class RestoreCommand
{
    private const string Latest = "latest";

    public static Command Create()
    {
        var (data, database, folder) = (Options.Data(), Options.Database(), BackupCommand.Folder("--from"));
        var name = new Argument<string?>("backup") { Description = "Its name, its folder, or: latest.", HelpName = "NAME", Arity = ArgumentArity.ZeroOrOne };
        var into = new Option<string?>("--into") { Description = "Restore into another database, to look at it; the platform's stays.", HelpName = "DATABASE" };
        var at = new Option<string?>("--at") { Description = "Take the private PostgreSQL back to a moment instead, such as \"2026-11-21 10:15:07+00\"; without a zone it is UTC. latest: everything the archive has.", HelpName = "MOMENT" };
        at.Validators.Add(r => { if (r.Tokens.Count == 1 && r.Tokens[0].Value != Latest && Moment(r.Tokens[0].Value) is null) r.AddError($"\"{r.Tokens[0].Value}\" is no moment. Write it as 2026-11-21 10:15:07+00, or: latest."); });
        var replace = new Option<bool>("--replace") { Description = "With --into: drop the database of that name, whatever is in it." };
        var despite = new Option<bool>("--despite-faults") { Description = "Restore even where checks of the data find faults, since it had them before. Every row must be there all the same." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without it, what would be done is said." };
        var forget = new Option<bool>("--forget") { Description = "Remove what earlier restores put aside, or left when they did not pass." };
        var command = new Command("restore", "Restore a backup. Stop every node first.") { name, at, folder, into, replace, despite, forget, yes, data, database };
        command.Validators.Add(r => { if (r.GetValue(at) is not null && (r.GetValue(name) ?? r.GetValue(into)) is not null) r.AddError("A moment is gone back to from the archive: name no backup and no other database with --at."); });
        command.Validators.Add(r => { if (r.GetValue(replace) && r.GetValue(into) is null) r.AddError("--replace goes with --into: the platform's own database is never dropped, but kept beside."); });
        command.Validators.Add(r => { if (r.GetValue(at) is not null && r.GetValue(despite)) r.AddError("--despite-faults is for backups."); });
        command.SetAction((parsed, ct) => parsed.GetValue(at) is { } moment ? Recover(parsed.GetValue(data)!, parsed.GetValue(database), moment == Latest ? null : Moment(moment), parsed.GetValue(yes), ct) : Run(parsed.GetValue(data)!, parsed.GetValue(database), parsed.GetValue(folder), parsed.GetValue(name), parsed.GetValue(into), parsed.GetValue(replace), parsed.GetValue(despite), parsed.GetValue(forget), parsed.GetValue(yes), ct));
        return command;
    }

    private static async Task<int> Run(string data, string? database, string? folder, string? name, string? into, bool replace, bool despite, bool forget, bool yes, CancellationToken ct)
    {
        if (name is null && !forget) throw new SetupException("Say which backup: its name, its folder, or latest. All of them: clientele backup list");
        var from = Path.GetFullPath(folder ?? BackupOptions.FromEnvironment(data, null, string.Empty).Folder);
        // Before PostgreSQL is started for nothing.
        var backup = name is null ? null : BackupFolder.Find(from, name);
        using var loggers = LogLines.OfCommand();
        // Looking at it, or tidying up, beside a running server is allowed; taking its place is not.
        await using var home = into is not null || forget || database is { Length: > 0 } ? await DatabaseHome.Reach(database, data, loggers, ct) : await DatabaseHome.Alone(data, loggers, ct);
        var options = BackupOptions.FromEnvironment(data, home.Administrator, home.Databases.ConnectionString);
        var own = new NpgsqlConnectionStringBuilder(home.Databases.ConnectionString).Database!;
        if (forget) return await Forget(options.Administrator, own, home.Administrator is null ? [] : PointInTime.Old(data, ArchiveOptions.FromEnvironment()), yes, ct);
        if (into == own) throw new SetupException($"{own} is the platform's own database. Leave --into out to put the backup in its place.");
        var ring = KeyRing.Exists(data) ? KeyRing.Open(data) : KeyRing.Temporary();
        WarnOfKeys(backup!, KeyRing.Exists(data) ? ring : null);
        if (into is null) await RestoreBackup.RefuseLive(options.Administrator, own, ct);
        if (!yes)
        {
            if (backup!.Manifest.Lost is { } lost) Console.WriteLine($"WARNING: {lost}");
            Console.WriteLine($"{backup.Name} of {backup.Manifest.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC ({BackupCommand.Size(backup.Bytes)}) would be restored into {into ?? own}{(into is null ? ", whose present data is kept beside it" : "")}. To do it: --yes");
            return CommandLine.Refused;
        }
        var report = await new RestoreBackup(Modules.All, ring, Console.WriteLine).Into(backup!, options.Administrator, home.Databases.ConnectionString, into ?? RestoreBackup.RestoringName(own), ct, replace);
        CheckCommand.Print(report.Checks);
        if (!report.Passed && !(despite && report.Whole))
        {
            Console.WriteLine(into is null ? $"It did not pass: {own} is as it was. What was restored is in the database {RestoreBackup.RestoringName(own)}." : "It did not pass.");
            if (into is null && report.Whole) Console.WriteLine("Every row is there. If the data had these faults before (clientele check), restore it with --despite-faults.");
            return CommandLine.Failed;
        }
        if (into is not null)
        {
            Console.WriteLine($"It is in the database {into}.");
            return 0;
        }
        // Before the swap: a file too many does no harm, one too few would.
        var files = await RestoreBackup.PutFilesBack(backup!, FileStores.Open(Path.Combine(data, "files")), ct);
        if (files > 0) Console.WriteLine($"{files:N0} stored files put back");
        await home.Databases.DisposeAsync();
        var old = await RestoreBackup.Swap(options.Administrator, own, ct);
        ServedFolder.Release(data);
        Console.WriteLine($"Restored. Start Clientele: what is derived from the log is built anew.{(old is null ? "" : $" The data of before is kept in the database {old}; when you need it no more: clientele restore --forget --yes")}");
        return 0;
    }

    private static DateTimeOffset? Moment(string word) =>
        DateTimeOffset.TryParse(word, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment : null;

    private static async Task<int> Recover(string data, string? database, DateTimeOffset? at, bool yes, CancellationToken ct)
    {
        if (database is { Length: > 0 }) throw new SetupException("Going back to a moment is for the private PostgreSQL. An existing server has means of its own: ask whoever runs it.");
        var options = DatabaseHome.PrivateOptions(data);
        var word = at is { } moment ? $"{moment.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC" : "the end of the archive";
        // With an archive elsewhere PostgreSQL's own folder may be lost.
        if (!Directory.Exists(Path.Combine(options.DataFolder, "postgres")) && (options.Archive is null || PointInTime.Window(data, options.Archive) is null)) throw new SetupException($"There is neither a Clientele nor an archive of one in {options.DataFolder}. Name its data folder with --data, and the archive with CLIENTELE_ARCHIVE_FOLDER.");
        if (options.Archive is null) throw new SetupException("Nothing is archived: CLIENTELE_ARCHIVE is not set. What there is to restore: clientele backup list");
        if (!yes)
        {
            var window = PointInTime.Window(data, options.Archive);
            Console.WriteLine(window is { } w
                ? $"The data would be taken back to {word} (possible: from {w.From.UtcDateTime:yyyy-MM-dd HH:mm:ss} to {w.To.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC{string.Concat(PointInTime.Gaps(data, options.Archive).Select(g => $", but not from {g.From.UtcDateTime:yyyy-MM-dd HH:mm:ss} to {g.To?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "now"}"))}); the present data is kept beside it. To do it: --yes"
                : "There is no base copy in the archive yet: the first is taken as soon as the server runs.");
            return CommandLine.Refused;
        }
        using var loggers = LogLines.OfCommand();
        var ring = KeyRing.Exists(data) ? KeyRing.Open(data) : KeyRing.Temporary();
        var old = await PointInTime.Recover(options, at, async superuser =>
        {
            await using var databases = new Databases(await DatabaseHome.LoginOn(superuser, data, ct));
            await new Migrator(databases, Modules.All, loggers.CreateLogger<Migrator>()).Migrate(ct);
            await new Db(databases.Service, Platform.Tenancy.Tenant.None).One<short>($"select log.verify_epoch()", ct);
            var checks = await new Consistency(databases, ring).Run(ct);
            CheckCommand.Print(checks);
            // What was deleted since that moment: its bytes are in the backups of before, if anywhere.
            var (put, lost) = await RestoreBackup.PutFilesBack(databases, BackupOptions.FromEnvironment(data, null, string.Empty).Folder, FileStores.Open(Path.Combine(data, "files")), ct);
            if (put > 0) Console.WriteLine($"{put:N0} stored files put back");
            if (lost.Count > 0) Console.WriteLine($"The bytes of {lost.Count:N0} stored files are in no backup here: {string.Join(", ", lost.Take(5))}. A backup that has them may be in the storage elsewhere: clientele backup fetch, then restore again.");
            return checks.All(c => c.Faults == 0);
        }, Console.WriteLine, loggers.CreateLogger<PrivatePostgresServer>(), ct);
        if (old is null)
        {
            Console.WriteLine("It did not pass: the present data is as it was.");
            return CommandLine.Failed;
        }
        Console.WriteLine($"The data is that of {word}. Start Clientele: what is derived from the log is built anew, and the archive begins anew. {(old.Length > 0 ? $"The data of before is kept in {old}" : "The archive it came from is kept in its folder")}; when you need it no more: clientele restore --forget --yes");
        return 0;
    }

    private static void WarnOfKeys(BackupFolder backup, KeyRing? ring)
    {
        if (backup.Manifest.Keys is not { Count: > 0 } then) return;
        var missing = then.Where(id => ring is null || !ring.Ids.Contains(id)).ToList();
        if (missing.Count == 0) return;
        var beside = backup.Manifest.WithKeys ? $"They are in {Path.Combine(backup.Path, "keys")}." : "Put them back from where you keep them.";
        Console.Error.WriteLine($"clientele: this backup's secrets were encrypted with keys that are not in this ring ({string.Join(", ", missing)}); until they are, those secrets stay closed. {beside}");
    }

    private static async Task<int> Forget(string administrator, string own, IReadOnlyList<string> folders, bool yes, CancellationToken ct)
    {
        var databases = await RestoreBackup.Old(administrator, own, ct);
        // Of a restore that did not pass or was cut short.
        await using (var connection = new NpgsqlConnection(RestoreBackup.In(administrator, "postgres")))
        {
            await connection.OpenAsync(ct);
            await using var ask = new NpgsqlCommand("select exists (select from pg_database d where d.datname = $1)", connection) { Parameters = { new() { Value = RestoreBackup.RestoringName(own) } } };
            if ((bool)(await ask.ExecuteScalarAsync(ct))!) databases = [.. databases, RestoreBackup.RestoringName(own)];
        }
        List<string> old = [.. databases, .. folders];
        if (old.Count == 0) Console.WriteLine("Nothing was put aside.");
        else if (!yes) Console.WriteLine($"These would be removed for good: {string.Join(", ", old)}. To do it: --yes");
        else
        {
            await RestoreBackup.Forget(administrator, databases, ct);
            await PointInTime.Forget(folders, ct);
            Console.WriteLine($"Removed: {string.Join(", ", old)}.");
        }
        return old.Count == 0 || yes ? 0 : CommandLine.Refused;
    }
}
