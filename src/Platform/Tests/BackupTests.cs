using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json.Nodes;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Log;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>Backups of a real database by PostgreSQL's own programs: what is in them, what is noticed, who makes them and when.</summary>
[Trait("Runs", "processes")]
public sealed class BackupTests(BackupTests.Database database) : IClassFixture<BackupTests.Database>
{
    /// <summary>A database, and a folder for its backups.</summary>
    public sealed class Database : TestDatabase
    {
        public string Root { get; } = Directory.CreateTempSubdirectory("clientele-backup-").FullName;

        public override async ValueTask InitializeAsync()
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Root, (UnixFileMode)0b111_101_101);
            await base.InitializeAsync();
            foreach (var tenant in (Tenant[])[Alpha, Beta])
                await For(tenant).InTransaction(t => EventLog.Append(t, [new NewEvent("visited", DateTimeOffset.UtcNow), new NewEvent("left", DateTimeOffset.UtcNow)], CancellationToken.None), CancellationToken.None);
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            Directory.Delete(Root, recursive: true);
        }

        /// <summary>A folder of its own for a test.</summary>
        public async Task<BackupOptions> Options(string name) => new(Path.Combine(Root, name), Path.Combine(Root, name, "backups"), await Administrator(), new TimeOnly(2, 30), TestDays: 0);

        public async Task<string> Administrator() => RestoreBackup.In(await TestServer.Connection, new NpgsqlConnectionStringBuilder(ConnectionString).Database!);
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<BackupFolder> Backup(string name, KeyRing? keys = null)
    {
        var options = await database.Options(name);
        Directory.CreateDirectory(options.DataFolder);
        return await MakeBackup.Run(options, keys ?? KeyRing.Temporary(), withKeys: keys is not null, null, Ct);
    }

    [Fact]
    public async Task A_backup_holds_every_row_of_every_organization_and_passes_every_check_when_restored()
    {
        var backup = await Backup("whole");
        Assert.Equal(4, backup.Manifest.Rows.Where(r => r.Key.StartsWith("log.events_", StringComparison.Ordinal)).Sum(r => r.Value));
        Assert.Empty(await BackupFolder.Check(backup.Path, Ct));

        var target = $"restored_{Guid.NewGuid():N}";
        try
        {
            var report = await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { }).Into(backup, await database.Administrator(), database.ConnectionString, target, Ct);
            Assert.Empty(report.WrongRows);
            Assert.All(report.Checks, c => Assert.True(c.Faults == 0, $"{c}"));
            Assert.Contains(report.Checks, c => c.Name == "commerce.totals_drift");
            Assert.Contains(report.Checks, c => c.Name == "audit trail of beta");
        }
        finally { await TestDatabase.Administrate($"drop database if exists {target} with (force)"); }
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_is_found_and_such_a_backup_is_not_restored()
    {
        var keys = KeyRing.Temporary();
        var backup = await Backup("flipped", keys);
        // Only when asked for; otherwise their ids alone.
        Assert.Equal(keys.Ids, KeyRing.Of((await File.ReadAllTextAsync(Path.Combine(backup.Path, "keys"), Ct)).Trim()).Ids);
        Assert.Equal(keys.Ids, backup.Manifest.Keys!);
        foreach (var file in Directory.EnumerateFiles(backup.Path).Where(f => !f.EndsWith("SHA256SUMS", StringComparison.Ordinal)))
        {
            var (bytes, at) = (await File.ReadAllBytesAsync(file, Ct), Random.Shared.Next((int)new FileInfo(file).Length));
            bytes[at] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Ct);
            var fault = Assert.Single(await BackupFolder.Check(backup.Path, Ct));
            Assert.Contains(Path.GetFileName(file), fault, StringComparison.Ordinal);
            if (file == backup.DumpPath)
                Assert.Contains("damaged", (await Assert.ThrowsAsync<BackupException>(async () => await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { })
                    .Into(backup, await database.Administrator(), database.ConnectionString, "never_made", Ct))).Message, StringComparison.Ordinal);
            bytes[at] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Ct);
        }
        Assert.Empty(await BackupFolder.Check(backup.Path, Ct));
        File.Delete(backup.DumpPath);
        Assert.NotEmpty(await BackupFolder.Check(backup.Path, Ct));
    }

    [Fact]
    public async Task A_backup_whose_rows_are_not_those_of_its_manifest_does_not_pass()
    {
        var backup = await Backup("missing");
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(backup.Path, "manifest.json"), Ct))!;
        manifest["rows"]!["platform.organizations"] = 17;
        var forged = Path.Combine(Path.GetDirectoryName(backup.Path)!, "forged.partial");
        Directory.CreateDirectory(forged);
        File.Copy(backup.DumpPath, Path.Combine(forged, "database.dump"));
        var other = await BackupFolder.Seal(forged, System.Text.Json.JsonSerializer.Deserialize<Manifest>(manifest.ToJsonString(), ApiJson.Options)! with { Name = "forged" }, Ct);
        var target = $"restored_{Guid.NewGuid():N}";
        try
        {
            var report = await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { }).Into(other, await database.Administrator(), database.ConnectionString, target, Ct);
            Assert.Equal(["platform.organizations"], report.WrongRows);
            Assert.False(report.Passed);
        }
        finally { await TestDatabase.Administrate($"drop database if exists {target} with (force)"); }
    }

    [Fact]
    public async Task A_copy_elsewhere_is_whole_or_none_comes_back_as_it_was_and_goes_with_its_days()
    {
        var store = new DiskStore(Path.Combine(database.Root, "bucket"));
        var copies = new BackupCopies(store);
        var backup = await Backup("copied");
        await copies.Put(backup, Ct);
        Assert.Equal([backup.Name], await copies.List(Ct));
        var fetched = await copies.Fetch("latest", Path.Combine(database.Root, "fetched"), Ct);
        Assert.Equal(await File.ReadAllBytesAsync(backup.DumpPath, Ct), await File.ReadAllBytesAsync(fetched.DumpPath, Ct));
        await Assert.ThrowsAsync<SetupException>(() => copies.Fetch(backup.Name, Path.Combine(database.Root, "fetched"), Ct));

        // Half of one that was cut short is none; what came damaged is said and not kept.
        await store.Put("20200101T000000Z/database.dump", new MemoryStream([1]), Ct);
        Assert.Equal([backup.Name], await copies.List(Ct));
        await store.Put($"{backup.Name}/manifest.json", new MemoryStream([1]), Ct);
        Assert.Contains("damaged", (await Assert.ThrowsAsync<BackupException>(() => copies.Fetch(backup.Name, Path.Combine(database.Root, "again"), Ct))).Message, StringComparison.Ordinal);
        Assert.Empty(BackupFolder.List(Path.Combine(database.Root, "again")));

        // The ring of keys stays where it is, and what comes back is whole without it.
        var withKeys = await Backup("copied-keys", KeyRing.Temporary());
        await copies.Put(withKeys, Ct);
        await using (var ring = await store.Open($"{withKeys.Name}/keys", Ct)) Assert.Null(ring);
        Assert.False((await copies.Fetch(withKeys.Name, Path.Combine(database.Root, "keyless"), Ct)).Manifest.WithKeys);

        foreach (var old in (string[])["20210101T000000Z", "20220101T000000Z", "not-ours"]) await store.Put($"{old}/SHA256SUMS", new MemoryStream([1]), Ct);
        Assert.Equal(["20220101T000000Z", "20210101T000000Z"], await copies.Prune(30, DateTimeOffset.UtcNow, Ct));
        await using var other = await store.Open("not-ours/SHA256SUMS", Ct);
        Assert.NotNull(other);
    }

    [Fact]
    public async Task Stored_files_are_copied_once_checked_with_their_backups_put_back_and_go_with_the_last_that_names_them()
    {
        await using var own = new Database();
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
        await using var own = new Database();
        await own.InitializeAsync();
        var store = new DiskStore(Path.Combine(own.Root, "store"));
        var options = await own.Options("lost") with { Files = store };
        Directory.CreateDirectory(options.DataFolder);
        var keys = await Stored(own, store);
        await store.Delete(keys[0], Ct);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var metrics = new MetricsStore(services.GetRequiredService<IMeterFactory>());
        var figures = new BackupFigures(services.GetRequiredService<IMeterFactory>(), new Clock(DateTimeOffset.UtcNow.AddHours(5)));
        BackupWorker Node(int days, string? administrator = null) => new(own.Databases, Server.Modules.All, KeyRing.Temporary(), new Clock(DateTimeOffset.UtcNow.Date.AddDays(days).AddHours(2).AddMinutes(31)),
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

    // One file of each organization, whose bytes are its own name.
    private static async Task<List<string>> Stored(Database own, IFileStore store)
    {
        var keys = new List<string>();
        await using (var superuser = await own.OpenSuperuser())
            foreach (var tenant in (Tenant[])[own.Alpha, own.Beta])
            {
                var id = Guid.NewGuid();
                await using var insert = new NpgsqlCommand($"insert into platform.files (organization_id, id, kind, name, content_type, bytes, sha256) values ('{tenant.OrganizationId}', '{id}', 'file', 'a.txt', 'text/plain', 3, sha256('abc'))", superuser);
                await insert.ExecuteNonQueryAsync(Ct);
                keys.Add($"{tenant.OrganizationId}/{id}");
                await store.Put(keys[^1], new MemoryStream([.. keys[^1].Select(c => (byte)c)]), Ct);
            }
        return keys;
    }

    [Fact]
    public async Task A_list_of_files_names_nothing_outside_the_folder()
    {
        var folder = Path.Combine(database.Root, "tampered");
        var store = new DiskStore(Path.Combine(database.Root, "tampered-store"));
        var (sum, id) = (new string('0', 64), Guid.NewGuid());
        var backup = await Sealed(folder, "20260101T000000Z");
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

    [Fact]
    public async Task A_database_that_is_somebodys_is_neither_replaced_nor_dropped()
    {
        var (backup, administrator) = (await Backup("foreign"), await database.Administrator());
        var (foreign, login) = ($"foreign_{Guid.NewGuid():N}", database.ConnectionString);
        var restore = new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { });
        try
        {
            await TestDatabase.Administrate($"create database {foreign}");
            await In(foreign, "create table mine (id integer)");
            Assert.Contains("--replace", (await Assert.ThrowsAsync<SetupException>(() => restore.Into(backup, administrator, login, foreign, Ct))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<SetupException>(() => restore.Into(backup, administrator, login, "postgres", Ct));
            // In the installation's place: kept beside, though it is no Clientele's.
            await TestDatabase.Administrate($"create database {foreign}_restoring");
            var old = await RestoreBackup.Swap(administrator, foreign, Ct);
            Assert.StartsWith($"{foreign}_before_", old, StringComparison.Ordinal);
            await In(old!, "select from mine");
            await RestoreBackup.Forget(administrator, [old!], Ct);

            // An empty one may be filled, what a restore made is replaced by the next, and what took the installation's place is somebody's again.
            Assert.True((await restore.Into(backup, administrator, login, foreign, Ct)).Passed);
            await restore.Into(backup, administrator, login, foreign, Ct);
            await TestDatabase.Administrate($"alter database {foreign} rename to {foreign}_restoring");
            Assert.Null(await RestoreBackup.Swap(administrator, foreign, Ct));
            await Assert.ThrowsAsync<SetupException>(() => restore.Into(backup, administrator, login, foreign, Ct));
            Assert.True((await restore.Into(backup, administrator, login, foreign, Ct, replace: true)).Passed);
        }
        finally
        {
            await TestDatabase.Administrate($"drop database if exists {foreign} with (force)");
            await TestDatabase.Administrate($"drop database if exists {foreign}_restoring with (force)");
        }
    }

    [Fact]
    public async Task Only_what_makers_left_is_swept_and_nothing_is_removed_while_one_is_at_work()
    {
        var options = await database.Options("swept");
        var old = await Sealed(options.Folder, "20260101T000000Z");
        await Sealed(options.Folder, "20260201T000000Z");
        string Beside(string name) => Directory.CreateDirectory(Path.Combine(options.Folder, name)).FullName;
        var theirs = new[] { Beside("20260301T000000Z-anonymised.anonymising"), Beside("20260302T000000Z.fetching"), Beside("download.partial") };
        var (left, stale) = (Beside("20260303T000000Z.partial"), Beside("20260304T000000Z.fetching"));
        Directory.SetLastWriteTimeUtc(stale, DateTime.UtcNow.AddDays(-2));
        BackupFolder.Sweep(options.Folder);
        Assert.All(theirs, path => Assert.True(Directory.Exists(path), path));
        Assert.False(Directory.Exists(left) || Directory.Exists(stale));
        Assert.Equal(2, BackupFolder.List(options.Folder).Count);

        await MakeBackup.Alone(options.Administrator, MakeBackup.Lock, async () =>
        {
            Assert.Empty(await Retention.Prune(options, 1, Ct));
            await Assert.ThrowsAsync<BackupException>(() => MakeBackup.Run(options, null, false, null, Ct));
            return options;
        }, Ct);
        Assert.Equal([old.Name], await Retention.Prune(options, 1, Ct));
    }

    [Fact]
    public async Task Nodes_of_one_machine_do_not_strike_out_each_others_backups()
    {
        await using var own = new Database();
        await own.InitializeAsync();
        var (one, two) = (Path.Combine(own.Root, "one"), Path.Combine(own.Root, "two"));
        var (first, second) = (await Sealed(one, "20260101T000000Z"), await Sealed(two, "20260102T000000Z"));
        var (ones, twos) = (new BackupRecords(own.Databases, one), new BackupRecords(own.Databases, two));
        Task<List<string>> States() => own.Service.List<string>($"select b.name || ' ' || b.state from platform.backups b order by b.name, b.state", Ct);
        for (var i = 0; i < 2; i++)
        {
            await ones.Reconcile(BackupFolder.List(one), DateTimeOffset.UtcNow, Ct);
            await twos.Reconcile(BackupFolder.List(two), DateTimeOffset.UtcNow, Ct);
            Assert.Equal([$"{first.Name} complete", $"{second.Name} complete"], await States());
        }
        Assert.NotEqual(BackupFolder.IdOf(one), BackupFolder.IdOf(two));
        Directory.Delete(first.Path, recursive: true);
        // Also by another node that has the same folder.
        await new BackupRecords(own.Databases, one).Reconcile(BackupFolder.List(one), DateTimeOffset.UtcNow, Ct);
        Assert.Equal([$"{first.Name} removed", $"{second.Name} complete"], await States());

        // A late failure does not unmake what is complete.
        await ones.Fail(await own.Service.One<Guid>($"select b.id from platform.backups b where b.name = {second.Name}", Ct), "late", Ct);
        Assert.Equal([$"{first.Name} removed", $"{second.Name} complete"], await States());
    }

    [Fact]
    public async Task Each_look_removes_what_is_old_and_copies_what_was_not_and_what_cannot_be_is_said_once_a_day()
    {
        await using var own = new Database();
        await own.InitializeAsync();
        var options = await own.Options("looks") with { At = null };
        Directory.CreateDirectory(options.DataFolder);
        var old = await Sealed(options.Folder, "20200101T000000Z");
        await new BackupRecords(own.Databases, options.Folder).Reconcile(BackupFolder.List(options.Folder), DateTimeOffset.UtcNow, Ct);
        var backup = await MakeBackup.Run(options, null, false, null, Ct);
        await new BackupRecords(own.Databases, options.Folder).Remember(backup, Ct);
        Task<List<string>> States() => own.Service.List<string>($"select b.name || ' ' || b.state || ' ' || (b.copied_at is not null) || ' ' || (b.copy_error is not null) from platform.backups b where b.name is not null order by b.name", Ct);
        BackupWorker Node(BackupOptions of, TimeProvider time, string bucket) => new(own.Databases, Server.Modules.All, KeyRing.Temporary(), time, NullLogger<BackupWorker>.Instance, of, copies: new BackupCopies(new DiskStore(Path.Combine(own.Root, bucket))));

        // The storage is away: a file lies where its folder ought to be.
        using (var cut = Node(options, TimeProvider.System, "away"))
        {
            Directory.Delete(Path.Combine(own.Root, "away"), recursive: true);
            await File.WriteAllTextAsync(Path.Combine(own.Root, "away"), "no folder", Ct);
            Assert.Equal(0, await cut.RunDue(Ct));
        }
        Assert.Equal([$"{old.Name} removed false false", $"{backup.Name} complete false true"], await States());
        using (var node = Node(options, TimeProvider.System, "bucket")) Assert.Equal(0, await node.RunDue(Ct));
        Assert.Equal([$"{old.Name} removed false false", $"{backup.Name} complete true false"], await States());
        Assert.Equal([backup.Name], await new BackupCopies(new DiskStore(Path.Combine(own.Root, "bucket"))).List(Ct));

        var clock = new Clock(DateTimeOffset.UtcNow.Date.AddDays(1).AddHours(2).AddMinutes(31));
        using var bound = Node(options with { At = new TimeOnly(2, 30), Administrator = own.ConnectionString }, clock, "bucket");
        for (var hour = 0; hour < 3; hour++)
        {
            await bound.RunDue(Ct);
            await own.Service.Run($"update platform.backups b set ended_at = now() - interval '2 hours' where b.state = 'failed'", Ct);
        }
        Assert.Contains("BYPASSRLS", Assert.Single(await own.Service.List<string>($"select b.problem from platform.backups b where b.state = 'failed'", Ct)), StringComparison.Ordinal);
    }

    // Whole as far as its list goes; there is nothing in it.
    private static async Task<BackupFolder> Sealed(string folder, string name)
    {
        var at = DateTimeOffset.ParseExact(name, "yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal);
        var partial = Directory.CreateDirectory(Path.Combine(folder, name + ".partial")).FullName;
        return await BackupFolder.Seal(partial, new Manifest(1, name, "0", "15", at, at, 1, 1, null, new Dictionary<string, long>(), false, false), Ct);
    }

    private static async Task In(string name, string sql)
    {
        await using var connection = new NpgsqlConnection(RestoreBackup.In(await TestServer.Connection, name));
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    [Fact]
    public async Task A_login_that_row_level_security_binds_is_refused_since_it_would_leave_rows_out()
    {
        var options = await database.Options("bound") with { Administrator = database.ConnectionString };
        Assert.Contains("BYPASSRLS", (await Assert.ThrowsAsync<SetupException>(() => MakeBackup.Run(options, null, false, null, Ct))).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Folder));
    }

    [Fact]
    public async Task Backups_are_kept_for_their_days_the_newest_always_and_a_half_written_one_is_none()
    {
        var folder = Directory.CreateDirectory(Path.Combine(database.Root, "kept")).FullName;
        var now = DateTimeOffset.UtcNow;
        foreach (var days in (int[])[1, 29, 31, 90])
        {
            var partial = Directory.CreateDirectory(Path.Combine(folder, $"b{days}.partial")).FullName;
            await BackupFolder.Seal(partial, new Manifest(1, $"b{days}", "0", "15", now.AddDays(-days), now.AddDays(-days), 1, 1, null, new Dictionary<string, long>(), false, false), Ct);
        }
        Directory.CreateDirectory(Path.Combine(folder, "b0.partial"));
        Assert.Equal(["b1", "b29", "b31", "b90"], BackupFolder.List(folder).Select(b => b.Name));
        Assert.Equal(["b31", "b90"], BackupFolder.Prune(folder, 30, now));
        Assert.Equal(["b29"], BackupFolder.Prune(folder, 7, now));
        Assert.Empty(BackupFolder.Prune(folder, 1, now.AddYears(1)));
        Assert.Equal(["b1"], BackupFolder.List(folder).Select(b => b.Name));
    }

    [Fact]
    public async Task Of_two_nodes_one_makes_the_daily_backup_and_nobody_repeats_it()
    {
        await using var own = new Database();
        await own.InitializeAsync();
        var options = await own.Options("daily");
        Directory.CreateDirectory(options.DataFolder);
        var clock = new Clock(DateTimeOffset.UtcNow.Date.AddDays(1).AddHours(2).AddMinutes(31));
        BackupWorker Node(TimeProvider time) => new(own.Databases, Server.Modules.All, KeyRing.Temporary(), time, NullLogger<BackupWorker>.Instance, options);
        // Before its time there is none: the installation was founded after yesterday's.
        var founded = await own.Service.One<DateTimeOffset>($"select min(m.applied_at) from platform.schema_migrations m", Ct);
        using (var early = Node(new Clock(founded))) Assert.Equal(0, await early.RunDue(Ct));
        using var one = Node(clock);
        using var two = Node(clock);
        Assert.Equal(1, (await Task.WhenAll(one.RunDue(Ct), two.RunDue(Ct))).Sum());
        Assert.Equal(0, await one.RunDue(Ct) + await two.RunDue(Ct));
        Assert.Equal(["complete "], await own.Service.List<string>($"select b.state || ' ' || coalesce(b.problem, '') from platform.backups b where b.state <> 'complete' or b.bytes > 0 and b.row_count > 0", Ct));
        Assert.Single(BackupFolder.List(options.Folder));

        // One whose maker fell silent counts as failed, and does not keep the next from being made.
        await own.Service.Run($"insert into platform.backups (kind, node, seen_at) values ('backup', 'gone', now() - interval '2 minutes')", Ct);
        using var later = Node(new Clock(clock.GetUtcNow().AddDays(1)));
        Assert.Equal(1, await later.RunDue(Ct));
        Assert.Equal(["gone: Whoever made it ended."], await own.Service.List<string>($"select b.node || ': ' || b.problem from platform.backups b where b.state = 'failed'", Ct));
    }

    [Fact]
    public async Task The_newest_backup_is_restored_on_trial_and_its_scratch_server_is_gone_afterwards()
    {
        await using var own = new Database();
        await own.InitializeAsync();
        var options = await own.Options("trial") with { At = null, TestDays = 7 };
        Directory.CreateDirectory(options.DataFolder);
        var keys = KeyRing.Temporary();
        await MakeBackup.Run(options, keys, false, null, Ct);
        using var node = new BackupWorker(own.Databases, Server.Modules.All, keys, TimeProvider.System, NullLogger<BackupWorker>.Instance, options);
        Assert.Equal(1, await node.RunDue(Ct));
        Assert.Equal(0, await node.RunDue(Ct));
        var trial = await own.Service.One<string>($"select b.state || ' ' || coalesce(b.problem, '') || ' ' || jsonb_array_length(b.report -> 'checks') from platform.backups b where b.kind = 'test'", Ct);
        Assert.Matches(@"^complete  \d\d?$", trial);
        Assert.Empty(Directory.EnumerateDirectories(options.DataFolder, "scratch-*"));
    }
}
