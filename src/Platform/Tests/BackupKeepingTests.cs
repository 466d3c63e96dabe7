using Clientele.Platform.Backups;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.Secrets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

/// <summary>Which nodes make backups and when, where copies of them go, and how long they are kept.</summary>
[Collection<BackupCollection>]
[Trait("Runs", "processes")]
public sealed class BackupKeepingTests(BackupDatabase database)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_two_nodes_one_makes_the_daily_backup_and_nobody_repeats_it()
    {
        await using var own = new BackupDatabase();
        await own.InitializeAsync();
        var options = await own.Options("daily");
        Directory.CreateDirectory(options.DataFolder);
        var clock = new HealthClock(DateTimeOffset.UtcNow.Date.AddDays(1).AddHours(2).AddMinutes(31));
        BackupWorker Node(TimeProvider time) => new(own.Databases, Server.Modules.All, KeyRing.Temporary(), time, NullLogger<BackupWorker>.Instance, options);
        // Before its time there is none: the installation was founded after yesterday's.
        var founded = await own.Service.One<DateTimeOffset>($"select min(m.applied_at) from platform.schema_migrations m", Ct);
        using (var early = Node(new HealthClock(founded))) Assert.Equal(0, await early.RunDue(Ct));
        using var one = Node(clock);
        using var two = Node(clock);
        Assert.Equal(1, (await Task.WhenAll(one.RunDue(Ct), two.RunDue(Ct))).Sum());
        Assert.Equal(0, await one.RunDue(Ct) + await two.RunDue(Ct));
        Assert.Equal(["complete "], await own.Service.List<string>($"select b.state || ' ' || coalesce(b.problem, '') from platform.backups b where b.state <> 'complete' or b.bytes > 0 and b.row_count > 0", Ct));
        Assert.Single(BackupFolder.List(options.Folder));

        // One whose maker fell silent counts as failed, and does not keep the next from being made.
        await own.Service.Run($"insert into platform.backups (kind, node, seen_at) values ('backup', 'gone', now() - interval '2 minutes')", Ct);
        using var later = Node(new HealthClock(clock.GetUtcNow().AddDays(1)));
        Assert.Equal(1, await later.RunDue(Ct));
        Assert.Equal(["gone: Whoever made it ended."], await own.Service.List<string>($"select b.node || ': ' || b.problem from platform.backups b where b.state = 'failed'", Ct));
    }

    [Fact]
    public async Task The_newest_backup_is_restored_on_trial_and_its_scratch_server_is_gone_afterwards()
    {
        await using var own = new BackupDatabase();
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

    [Fact]
    public async Task A_copy_elsewhere_is_whole_or_none_comes_back_as_it_was_and_goes_with_its_days()
    {
        var store = new DiskStore(Path.Combine(database.Root, "bucket"));
        var copies = new BackupCopies(store);
        var backup = await database.Backup("copied");
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
        var withKeys = await database.Backup("copied-keys", KeyRing.Temporary());
        await copies.Put(withKeys, Ct);
        await using (var ring = await store.Open($"{withKeys.Name}/keys", Ct)) Assert.Null(ring);
        Assert.False((await copies.Fetch(withKeys.Name, Path.Combine(database.Root, "keyless"), Ct)).Manifest.WithKeys);

        foreach (var old in (string[])["20210101T000000Z", "20220101T000000Z", "not-ours"]) await store.Put($"{old}/SHA256SUMS", new MemoryStream([1]), Ct);
        Assert.Equal(["20220101T000000Z", "20210101T000000Z"], await copies.Prune(30, DateTimeOffset.UtcNow, Ct));
        await using var other = await store.Open("not-ours/SHA256SUMS", Ct);
        Assert.NotNull(other);
    }

    [Fact]
    public async Task Only_what_makers_left_is_swept_and_nothing_is_removed_while_one_is_at_work()
    {
        var options = await database.Options("swept");
        var old = await BackupDatabase.Sealed(options.Folder, "20260101T000000Z");
        await BackupDatabase.Sealed(options.Folder, "20260201T000000Z");
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
        await using var own = new BackupDatabase();
        await own.InitializeAsync();
        var (one, two) = (Path.Combine(own.Root, "one"), Path.Combine(own.Root, "two"));
        var (first, second) = (await BackupDatabase.Sealed(one, "20260101T000000Z"), await BackupDatabase.Sealed(two, "20260102T000000Z"));
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
        await using var own = new BackupDatabase();
        await own.InitializeAsync();
        var options = await own.Options("looks") with { At = null };
        Directory.CreateDirectory(options.DataFolder);
        var old = await BackupDatabase.Sealed(options.Folder, "20200101T000000Z");
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

        var clock = new HealthClock(DateTimeOffset.UtcNow.Date.AddDays(1).AddHours(2).AddMinutes(31));
        using var bound = Node(options with { At = new TimeOnly(2, 30), Administrator = own.ConnectionString }, clock, "bucket");
        for (var hour = 0; hour < 3; hour++)
        {
            await bound.RunDue(Ct);
            await own.Service.Run($"update platform.backups b set ended_at = now() - interval '2 hours' where b.state = 'failed'", Ct);
        }
        Assert.Contains("BYPASSRLS", Assert.Single(await own.Service.List<string>($"select b.problem from platform.backups b where b.state = 'failed'", Ct)), StringComparison.Ordinal);
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
}
