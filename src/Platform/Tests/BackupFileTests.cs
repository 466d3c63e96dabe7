using System.Diagnostics.Metrics;
using System.Text;
using Clientele.Platform.Backups;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

/// <summary>Stored files in backups: copied once, checked, put back, and what is said of those that were lost.</summary>
[Collection<BackupCollection>]
[Trait("Runs", "processes")]
public sealed class BackupFileTests(BackupDatabase database)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stored_files_are_copied_once_checked_with_their_backups_put_back_and_go_with_the_last_that_names_them()
    {
        await using var own = new BackupDatabase();
        await own.InitializeAsync();
        var store = new DiskStore(Path.Combine(own.Root, "store"));
        var options = await own.Options("files") with { Files = store };
        Directory.CreateDirectory(options.DataFolder);
        var keys = await Stored(own, store);
        var backup = await MakeBackup.Run(options, null, false, null, Ct);
        Assert.Equal(2, backup.Manifest.Files);
        foreach (var key in keys) await store.Delete(key, Ct);
        // Copied before: the next backup needs no store for it.
        await Task.Delay(1100, Ct);
        var second = await MakeBackup.Run(options, null, false, null, Ct);
        Assert.Equal(2, second.Manifest.Files);
        Assert.Equal(2, await RestoreBackup.PutFilesBack(second, store, Ct));
        await using (var bytes = await store.Open(keys[1], Ct))
        using (var reader = new StreamReader(bytes!)) Assert.Equal(keys[1], await reader.ReadToEndAsync(Ct));

        var copies = new BackupCopies(new DiskStore(Path.Combine(own.Root, "bucket")));
        await copies.Put(second, Ct);
        Assert.Equal(2, (await copies.Fetch("latest", Path.Combine(own.Root, "fetched"), Ct)).Manifest.Files);

        // What a backup has comes back without one being named.
        await store.Delete(keys[0], Ct);
        await store.Delete(keys[1], Ct);
        var kept = Path.Combine(options.Folder, "files", keys[1]);
        File.Move(kept, kept + ".aside");
        var faults = Assert.Single(await new Consistency(own.Databases, KeyRing.Temporary(), store).Run(Ct), c => c.Name == "stored files");
        Assert.Equal(2, faults.Faults);
        var (put, lost) = await RestoreBackup.PutFilesBack(own.Databases, options.Folder, store, Ct);
        Assert.Equal((1, keys[1]), (put, Assert.Single(lost)));
        File.Move(kept + ".aside", kept);
        Assert.Equal(1, (await RestoreBackup.PutFilesBack(own.Databases, options.Folder, store, Ct)).Put);

        // Fetched again where a file of it lies damaged: it comes anew.
        var elsewhere = Path.Combine(own.Root, "fetched");
        Directory.Delete(Path.Combine(elsewhere, second.Name), recursive: true);
        await File.AppendAllTextAsync(Path.Combine(elsewhere, "files", keys[0]), "x", Ct);
        Assert.Empty(await BackupFolder.Check((await copies.Fetch("latest", elsewhere, Ct)).Path, Ct));

        await File.AppendAllTextAsync(Path.Combine(options.Folder, "files", keys[0]), "x", Ct);
        Assert.Contains(keys[0], Assert.Single(await BackupFolder.Check(second.Path, Ct)), StringComparison.Ordinal);
        Directory.Delete(second.Path, recursive: true);
        Directory.Delete(backup.Path, recursive: true);
        // A young one may be about to be named by a backup at work elsewhere; what is not ours stays.
        var other = Path.Combine(options.Folder, "files", "notes.txt");
        await File.WriteAllTextAsync(other, "mine", Ct);
        File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddDays(-9));
        StoredFiles.Prune(options.Folder, DateTimeOffset.UtcNow);
        Assert.Equal(3, Directory.EnumerateFiles(Path.Combine(options.Folder, "files"), "*", SearchOption.AllDirectories).Count());
        StoredFiles.Prune(options.Folder, DateTimeOffset.UtcNow.AddDays(2));
        Assert.Equal([other], Directory.EnumerateFiles(Path.Combine(options.Folder, "files"), "*", SearchOption.AllDirectories));
        File.Delete(other);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(options.Folder, "files"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_file_that_was_lost_keeps_no_backup_from_being_made_and_is_named_until_it_is_back()
    {
        await using var own = new BackupDatabase();
        await own.InitializeAsync();
        var store = new DiskStore(Path.Combine(own.Root, "store"));
        var options = await own.Options("lost") with { Files = store };
        Directory.CreateDirectory(options.DataFolder);
        var keys = await Stored(own, store);
        await store.Delete(keys[0], Ct);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var metrics = new MetricsStore(services.GetRequiredService<IMeterFactory>());
        var figures = new BackupFigures(services.GetRequiredService<IMeterFactory>(), new HealthClock(DateTimeOffset.UtcNow.AddHours(5)));
        BackupWorker Node(int days, string? administrator = null) => new(own.Databases, Server.Modules.All, KeyRing.Temporary(), new HealthClock(DateTimeOffset.UtcNow.Date.AddDays(days).AddHours(2).AddMinutes(31)),
            NullLogger<BackupWorker>.Instance, options with { Administrator = administrator ?? options.Administrator }, figures: figures);
        string Told()
        {
            var text = new StringBuilder();
            metrics.Write(text);
            return text.ToString();
        }
        double Value(string series) => double.Parse(Told().Split('\n').Single(l => l.StartsWith(series + " ", StringComparison.Ordinal)).Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        Task<List<string>> Known() => own.Service.List<string>($"select b.state || ' ' || b.lost_files || ' ' || array_to_string(b.lost_some, ' ') from platform.backups b order by b.started_at", Ct);

        Assert.DoesNotContain("\nclientele_backup_", Told(), StringComparison.Ordinal);
        using (var node = Node(1))
        {
            Assert.Equal(1, await node.RunDue(Ct));
            var found = await BackupChecks.Newest(node, own.Databases).Look(Ct);
            Assert.Equal(HealthStatus.Degraded, found.Status);
            Assert.Contains("without 1 stored file whose", found.Detail, StringComparison.Ordinal);
        }
        var backup = Assert.Single(BackupFolder.List(options.Folder));
        Assert.Equal((1, 1, keys[0]), (backup.Manifest.Files, backup.Manifest.Lost!.Count, Assert.Single(backup.Manifest.Lost.Some)));
        Assert.Empty(await BackupFolder.Check(backup.Path, Ct));
        Assert.Equal([$"complete 1 {keys[0]}"], await Known());
        Assert.InRange(Value("clientele_backup_age_seconds"), 17_000, 18_000);
        Assert.Equal((backup.Bytes, 1, 1), (Value("clientele_backup_size_bytes"), Value("clientele_backup_lost_files"), Value("clientele_backup_runs_total{kind=\"backup\",status=\"complete\"}")));
        // Also where it is taken in from what lies there.
        await own.Service.Run($"delete from platform.backups", Ct);
        await new BackupRecords(own.Databases, options.Folder).Remember(backup, Ct);
        Assert.Equal([$"complete 1 {keys[0]}"], await Known());

        var (target, said, empty) = ($"restored_{Guid.NewGuid():N}", new List<string>(), new DiskStore(Path.Combine(own.Root, "empty")));
        try
        {
            Assert.True((await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), said.Add).Into(backup, await own.Administrator(), own.ConnectionString, target, Ct)).Passed);
            Assert.Single(said, s => s.StartsWith("WARNING: It is without 1 stored file", StringComparison.Ordinal) && s.Contains(keys[0], StringComparison.Ordinal));
            Assert.Equal(1, await RestoreBackup.PutFilesBack(backup, empty, Ct));
        }
        finally { await TestDatabase.Administrate($"drop database if exists {target} with (force)"); }

        // Back again: the next is whole, and the warning goes.
        await store.Put(keys[0], new MemoryStream([1]), Ct);
        using var later = Node(2);
        Assert.Equal(1, await later.RunDue(Ct));
        Assert.Equal([$"complete 1 {keys[0]}", "complete 0 "], await Known());
        Assert.Null(BackupFolder.List(options.Folder)[0].Manifest.Lost);
        Assert.Equal(HealthStatus.Healthy, (await BackupChecks.Newest(later, own.Databases).Look(Ct)).Status);

        Assert.Equal((0, 2), (Value("clientele_backup_lost_files"), Value("clientele_backup_runs_total{kind=\"backup\",status=\"complete\"}")));
        using (var bound = Node(3, own.ConnectionString)) await bound.RunDue(Ct);
        Assert.Equal(1, Value("clientele_backup_runs_total{kind=\"backup\",status=\"failed\"}"));
        Assert.DoesNotContain("\nclientele_archive_", Told(), StringComparison.Ordinal);
        figures.Archive = new ArchiveStatus("/archive", null, DateTimeOffset.UtcNow, 1, 2, null);
        Assert.InRange(Value("clientele_archive_age_seconds"), 17_000, 18_000);

        // However many there are, a hundred are named.
        var many = LostFiles.Of([.. Enumerable.Range(0, 150).Select(n => $"file {n}")])!;
        Assert.Equal((150, 100), (many.Count, many.Some.Count));
        Assert.Contains("file 4 and 145 more", many.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_files_names_nothing_outside_the_folder()
    {
        var folder = Path.Combine(database.Root, "tampered");
        var store = new DiskStore(Path.Combine(database.Root, "tampered-store"));
        var (sum, id) = (new string('0', 64), Guid.NewGuid());
        var backup = await BackupDatabase.Sealed(folder, "20260101T000000Z");
        foreach (var key in (string[])["../../secret", $"{id}/../../../secret", "/etc/passwd", $"{id}/{id}/x", $"{id}/{id} "])
        {
            await File.WriteAllTextAsync(Path.Combine(backup.Path, "files.sha256"), $"{sum}  ../files/{key}\n", Ct);
            Assert.Empty(StoredFiles.Read(backup.Path));
            Assert.Contains("files.sha256 is damaged", await BackupFolder.Check(backup.Path, Ct));
            Assert.Equal(0, await RestoreBackup.PutFilesBack(backup, store, Ct));
        }
        await File.WriteAllTextAsync(Path.Combine(backup.Path, "files.sha256"), $"{sum}  ../files/{id}/{id}\n", Ct);
        Assert.Equal([($"{id}/{id}", sum)], StoredFiles.Read(backup.Path));
    }

    // One file of each organization, whose bytes are its own name.
    private static async Task<List<string>> Stored(BackupDatabase own, IFileStore store)
    {
        var keys = new List<string>();
        await using (var superuser = await own.OpenSuperuser())
            foreach (var tenant in (Tenant[])[own.Alpha, own.Beta])
            {
                var id = Guid.NewGuid();
                await superuser.Run($"insert into platform.files (organization_id, id, kind, name, content_type, bytes, sha256) values ('{tenant.OrganizationId}', '{id}', 'file', 'a.txt', 'text/plain', 3, sha256('abc'))");
                keys.Add($"{tenant.OrganizationId}/{id}");
                await store.Put(keys[^1], new MemoryStream([.. keys[^1].Select(c => (byte)c)]), Ct);
            }
        return keys;
    }
}
