using System.Text.Json.Nodes;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Log;
using Clientele.Platform.Migrations;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
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

        await File.AppendAllTextAsync(Path.Combine(options.Folder, "files", keys[0]), "x", Ct);
        Assert.Contains(keys[0], Assert.Single(await BackupFolder.Check(second.Path, Ct)), StringComparison.Ordinal);
        Directory.Delete(second.Path, recursive: true);
        Directory.Delete(backup.Path, recursive: true);
        StoredFiles.Prune(options.Folder);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(options.Folder, "files"), "*", SearchOption.AllDirectories));
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
