using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Platform.Secrets;

namespace Clientele.Platform.Backups;

/// <summary>Makes a backup in which the people are made up, for staging: of a backup, restored into a PostgreSQL of its own, changed there, and backed up again.</summary>
public static class AnonymisedCopy
{
    /// <param name="options">Where the copy goes.</param>
    /// <param name="source">Of what.</param>
    /// <param name="rules">What becomes of each column.</param>
    /// <param name="modules">Of this build: the copy has its schema.</param>
    /// <param name="tell">Hears how far it is.</param>
    /// <param name="ct">Stops it; nothing is left.</param>
    /// <exception cref="BackupException">The source is damaged.</exception>
    /// <exception cref="SetupException">Programs are missing, or the rules do not fit.</exception>
    public static Task<BackupFolder> Run(BackupOptions options, BackupFolder source, AnonymisationRules rules, IReadOnlyList<IModule> modules, Action<string> tell, CancellationToken ct) =>
        TrialRestore.OnScratch(options.DataFolder, async (administrator, login) =>
        {
            const string Database = "anonymised";
            // Signatures of the audit trail are not looked at here: the trail is not copied.
            var report = await new RestoreBackup(modules, KeyRing.Temporary(), tell).Into(source, administrator, login, Database, ct);
            if (!report.Whole) throw new BackupException($"{source.Name} has other rows than when it was made: clientele backup test {source.Name}");
            // A fault the data had already is no reason to have no copy of it.
            foreach (var fault in report.Checks.Where(c => c.Faults > 0)) tell($"FAULT {fault.Name}: {fault.Detail}");
            var programs = await Programs.Find(RestoreBackup.In(administrator, Database), source.Major(), ct);
            await using var connection = await MakeBackup.Open(RestoreBackup.In(administrator, Database), ct);
            tell("making the people up");
            await Anonymiser.Run(connection, rules, ct);
            var started = TimeProvider.System.GetUtcNow();
            var name = BackupFolder.NameAt(started, anonymised: true);
            BackupFolder.Make(options.Folder);
            var partial = Path.Combine(options.Folder, name + BackupFolder.Anonymising);
            BackupFolder.Make(partial);
            try
            {
                var manifest = await MakeBackup.Dump(connection, programs, partial, files: null, told: null, ct);
                return await BackupFolder.Seal(partial, manifest with { Name = name, StartedAt = started, EndedAt = TimeProvider.System.GetUtcNow(), Anonymised = true }, ct);
            }
            catch
            {
                if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
                throw;
            }
        }, ct);

    private static int Major(this BackupFolder source) => Version.TryParse(source.Manifest.PostgresVersion, out var version) ? version.Major : 15;
}
