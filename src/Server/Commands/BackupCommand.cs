using System.CommandLine;
using System.Globalization;
using Clientele.Platform.Backups;
using Clientele.Platform.Files;
using Clientele.Platform.Secrets;

namespace Clientele.Server.Commands;

/// <summary>clientele backup: one file of the whole database with sums over it, beside a running server or without one.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var (data, database, folder) = (Options.Data(), Options.Database(), Folder("--to"));
        var keep = new Option<int?>("--keep") { Description = "Remove backups older than so many days afterwards; the newest stays. [CLIENTELE_BACKUP_KEEP]", HelpName = "DAYS" };
        keep.Validators.Add(r => { if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, out var n) && n is < 1 or > 3650) r.AddError("Backups are kept for 1 to 3650 days."); });
        var withKeys = new Option<bool>("--with-keys") { Description = "Put the ring of keys into it. Whoever has the backup can then read the secrets in it." };
        var command = new Command("backup", "Make a backup of the database.") { folder, keep, withKeys, data, database };
        command.SetAction((parsed, ct) => With(parsed.GetValue(data)!, parsed.GetValue(database), parsed.GetValue(folder), async (options, ring, home) =>
        {
            if (parsed.GetValue(withKeys) && ring is null) throw new Platform.Migrations.SetupException($"There are no keys in {Path.GetFullPath(parsed.GetValue(data)!)}, and {KeyRing.Variable} is not set.");
            var backup = await MakeBackup.Run(options, ring, parsed.GetValue(withKeys), null, ct);
            Console.WriteLine($"{backup.Name}  {Size(backup.Bytes)}, {backup.Manifest.Rows.Values.Sum():N0} rows in {backup.Manifest.Rows.Count:N0} tables, {(backup.Manifest.EndedAt - backup.Manifest.StartedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
            Console.WriteLine($"  {backup.Path}");
            if (backup.Manifest.Lost is { } lost) Console.WriteLine($"  WARNING: {lost}");
            if (!parsed.GetValue(withKeys)) Console.WriteLine("  The keys that its secrets are encrypted with are not in it: keep them elsewhere (docs/operations.md).");
            var records = new BackupRecords(home.Databases, options.Folder);
            if (parsed.GetValue(folder) is null) await records.Remember(backup, ct);
            if (BackupCopies.FromEnvironment() is { } copies)
            {
                await copies.Put(backup, ct);
                if (parsed.GetValue(folder) is null) await records.Copied(backup.Name, null, ct);
                Console.WriteLine($"  copied to the storage elsewhere{(backup.Manifest.WithKeys ? ", without the keys" : "")}");
            }
            foreach (var removed in await Retention.Prune(options, parsed.GetValue(keep) ?? options.KeepDays, ct)) Console.WriteLine($"Removed {removed}");
            return 0;
        }, ct));
        command.Add(List());
        command.Add(Verify());
        command.Add(Test());
        command.Add(Fetch());
        command.Add(Anonymise());
        return command;
    }

    private static Command List()
    {
        var (data, folder) = (Options.Data(), Folder("--in"));
        var command = new Command("list", "Which backups there are, the newest first.") { folder, data };
        command.SetAction(parsed =>
        {
            var options = BackupOptions.FromEnvironment(parsed.GetValue(data)!, null, string.Empty);
            var all = BackupFolder.List(parsed.GetValue(folder) ?? options.Folder);
            foreach (var backup in all)
                Console.WriteLine($"{backup.Name}  {backup.Manifest.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC  {Size(backup.Bytes),9}  {backup.Manifest.Rows.Values.Sum(),14:N0} rows  Clientele {backup.Manifest.Version}, PostgreSQL {backup.Manifest.PostgresVersion}{(backup.Manifest.WithKeys ? ", with keys" : "")}{(backup.Manifest.Lost is { } lost ? $", stored files lost: {lost.Count:N0}" : "")}{(backup.Manifest.Anonymised ? ", anonymised" : "")}");
            if (all.Count == 0) Console.WriteLine($"There is no backup in {parsed.GetValue(folder) ?? options.Folder}.");
            return 0;
        });
        return command;
    }

    private static Command Verify()
    {
        var (data, folder, name) = (Options.Data(), Folder("--in"), Name());
        var command = new Command("verify", "Hold a backup against its sums. Restoring it on trial says more: clientele backup test.") { name, folder, data };
        command.SetAction(async (parsed, ct) =>
        {
            var options = BackupOptions.FromEnvironment(parsed.GetValue(data)!, null, string.Empty);
            var (path, faults) = await Retention.Verify(parsed.GetValue(folder) ?? options.Folder, parsed.GetValue(name)!, ct);
            Console.WriteLine(faults.Count == 0 ? $"{path} is as it was written." : $"{path} is DAMAGED: {string.Join(", ", faults)}.");
            return faults.Count == 0 ? 0 : CommandLine.Failed;
        });
        return command;
    }

    private static Command Test()
    {
        var (data, folder, name) = (Options.Data(), Folder("--in"), Name());
        var command = new Command("test", "Restore a backup on trial, into a PostgreSQL that is made for it and thrown away, and look whether all is right.") { name, folder, data };
        command.SetAction(async (parsed, ct) =>
        {
            var options = BackupOptions.FromEnvironment(parsed.GetValue(data)!, null, string.Empty);
            var backup = BackupFolder.Find(parsed.GetValue(folder) ?? options.Folder, parsed.GetValue(name)!);
            var ring = KeyRing.Exists(parsed.GetValue(data)!) ? KeyRing.Open(parsed.GetValue(data)!) : KeyRing.Temporary();
            var report = await TrialRestore.Run(options, backup, Modules.All, ring, Console.WriteLine, ct);
            CheckCommand.Print(report.Checks);
            Console.WriteLine(report.Passed ? $"{backup.Name} can be restored." : $"{backup.Name} did NOT pass.");
            return report.Passed ? 0 : CommandLine.Failed;
        });
        return command;
    }

    private static Command Fetch()
    {
        var (data, folder, name) = (Options.Data(), Folder("--in"), Name());
        var command = new Command("fetch", $"Bring a backup back from the storage elsewhere. [{BackupCopies.Variable}]") { name, folder, data };
        command.SetAction(async (parsed, ct) =>
        {
            var copies = BackupCopies.FromEnvironment() ?? throw new Platform.Migrations.SetupException($"{BackupCopies.Variable} is not set, so there is no storage elsewhere.");
            var options = BackupOptions.FromEnvironment(parsed.GetValue(data)!, null, string.Empty);
            var backup = await copies.Fetch(parsed.GetValue(name)!, parsed.GetValue(folder) ?? options.Folder, ct);
            Console.WriteLine($"{backup.Name} is in {backup.Path}, as it was written.");
            return 0;
        });
        return command;
    }

    private static Command Anonymise()
    {
        var (data, folder, to, name) = (Options.Data(), Folder("--in"), Folder("--to"), Name());
        var command = new Command("anonymise", "Make of a backup another in which the people are made up and nothing opens anything: for staging.") { name, folder, to, data };
        command.SetAction(async (parsed, ct) =>
        {
            var options = BackupOptions.FromEnvironment(parsed.GetValue(data)!, null, string.Empty);
            var source = BackupFolder.Find(parsed.GetValue(folder) ?? options.Folder, parsed.GetValue(name)!);
            if (parsed.GetValue(to) is { } there) options = options with { Folder = Path.GetFullPath(there) };
            var copy = await AnonymisedCopy.Run(options, source, Anonymisation.Rules, Modules.All, Console.WriteLine, ct);
            Console.WriteLine($"{copy.Name}  {Size(copy.Bytes)}");
            Console.WriteLine($"  {copy.Path}");
            Console.WriteLine("  Restore it into an installation of its own. Everybody's password is gone: the first administrator gets a one-time password when it starts.");
            return 0;
        });
        return command;
    }

    internal static Argument<string> Name() => new("backup") { Description = "Its name, its folder, or: latest.", HelpName = "NAME", DefaultValueFactory = _ => "latest" };

    internal static Option<string?> Folder(string option) => new(option) { Description = "Folder of the backups. [CLIENTELE_BACKUPS; backups in the data folder]", HelpName = "DIR" };

    internal static string Size(long bytes) => bytes switch
    {
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} kB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.0} GB"),
    };

    internal static async Task<int> With(string data, string? database, string? folder, Func<BackupOptions, KeyRing?, DatabaseHome, Task<int>> act, CancellationToken ct)
    {
        using var loggers = LogLines.OfCommand();
        await using var home = await DatabaseHome.Reach(database, data, loggers, ct);
        var options = BackupOptions.FromEnvironment(data, home.Administrator, home.Databases.ConnectionString);
        options = options with { Files = FileStores.Open(Path.Combine(data, "files")) };
        if (folder is not null) options = options with { Folder = Path.GetFullPath(folder) };
        return await act(options, KeyRing.Exists(data) ? KeyRing.Open(data) : null, home);
    }
}
