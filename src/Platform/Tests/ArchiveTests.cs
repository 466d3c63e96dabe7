using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>The archive of a private PostgreSQL: its limit, a disk that takes nothing, and the swap of folders that was cut short.</summary>
[Trait("Runs", "processes")]
public sealed class ArchiveTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("clientele-archive-").FullName;

    public ArchiveTests()
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_archive_keeps_below_its_limit_by_giving_up_the_oldest_moments_and_a_disk_that_takes_nothing_fills_no_other()
    {
        const long Limit = 12 << 20;
        var options = new PrivatePostgresOptions { DataFolder = Path.Combine(root, "data"), Archive = new ArchiveOptions(null, Limit) { MostWaiting = 3, Every = Timeout.InfiniteTimeSpan }, Settings = new Dictionary<string, string> { ["shared_buffers"] = "32MB", ["fsync"] = "off" } };
        await using var server = await PrivatePostgresServer.Start(options, NullLogger.Instance, Ct);
        var keeper = server.Archive!;
        Assert.Null(keeper.Status().From);
        Assert.True(await keeper.Look(Ct));
        Assert.False(await keeper.Look(Ct));
        var first = keeper.Status();
        Assert.True(first.From is not null && first.Problem is null && first.Bytes < Limit, $"{first}");

        // What cannot be compressed: soon the first base copy and its log no longer fit.
        await Run(server, "create table noise (data bytea)");
        for (var round = 0; round < 8; round++)
        {
            await Run(server, "insert into noise select decode(string_agg(md5(random()::text), ''), 'hex') from generate_series(1, 400) g, generate_series(1, 300) h group by g; truncate noise; select pg_switch_wal()");
            await Archived(server);
            await keeper.Look(Ct);
            Assert.True(keeper.Status().Bytes <= Limit, $"{round}: {keeper.Status()}");
        }
        var later = keeper.Status();
        Assert.True(later.From > first.From && later.Problem is null, $"{later}");

        // The archive's disk is away: what waits is bounded, that it waits is said, and afterwards a new base copy leads on; what was before stays.
        var (segments, aside) = (Path.Combine(root, "data", "archive", "wal"), Path.Combine(root, "data", "archive", "away"));
        Directory.Move(segments, aside);
        for (var round = 0; round < 6; round++) await Run(server, "insert into noise values ('x'); select pg_switch_wal()");
        await Eventually(async () => File.Exists(Path.Combine(root, "data", "postgres", "clientele-archive.gap")) && await Waiting(server) <= 4);
        Directory.Move(aside, segments);
        Assert.True(await keeper.Look(Ct));
        Assert.True(Directory.GetDirectories(Path.Combine(root, "data", "archive", "base")).Length > 1 || keeper.Status().From > later.From, $"{keeper.Status()}");
        Assert.False(File.Exists(Path.Combine(root, "data", "postgres", "clientele-archive.gap")));
        Assert.False(await keeper.Look(Ct));
    }

    [Fact]
    public async Task A_recovery_cut_short_between_its_steps_is_finished_by_the_next_start()
    {
        foreach (var step in (int[])[0, 1, 2])
        {
            var folder = DataFolder.At(Directory.CreateDirectory(Path.Combine(root, $"cut{step}")).FullName);
            var archive = Path.Combine(root, $"disk{step}");
            var account = await ServerAccount.Choose([folder.Cluster], Ct);
            // A disk of its own: its mount point cannot be renamed, and lost+found is closed.
            Directory.CreateDirectory(archive);
            foreach (var part in (string[])["base", "wal"]) Directory.CreateDirectory(Path.Combine(archive, part));
            await File.WriteAllTextAsync(Path.Combine(archive, "base", "what"), "old", Ct);
            await File.WriteAllTextAsync(Path.Combine(archive, "system"), "7", Ct);
            if (Environment.IsPrivilegedProcess) await Command.Run("chown", ["-R", account.Name, archive], Ct);
            Directory.CreateDirectory(Path.Combine(archive, "lost+found"));
            foreach (var (path, content) in new[] { (folder.Cluster, "present"), (Path.Combine(folder.Root, "postgres.recovering"), "recovered") })
            {
                Directory.CreateDirectory(path);
                await File.WriteAllTextAsync(Path.Combine(path, "what"), content, Ct);
            }
            await File.WriteAllTextAsync(Path.Combine(folder.Root, "restore.journal"), $"20260131\n{archive}\n", Ct);
            if (step >= 1) Directory.Move(folder.Cluster, folder.Cluster + ".before-20260131");
            if (step >= 2) Directory.Move(Path.Combine(folder.Root, "postgres.recovering"), folder.Cluster);

            if (step >= 2) await account.Shell("""cd "$1" && mkdir before-20260131 && mv base before-20260131/""", [archive], Ct);

            await PointInTime.Finish(folder, account, Ct);
            await PointInTime.Finish(folder, account, Ct);

            Assert.Equal("recovered", await File.ReadAllTextAsync(Path.Combine(folder.Cluster, "what"), Ct));
            Assert.Equal("present", await File.ReadAllTextAsync(Path.Combine(folder.Cluster + ".before-20260131", "what"), Ct));
            Assert.Equal(["before-20260131", "lost+found"], Directory.EnumerateFileSystemEntries(archive).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(archive, "before-20260131", "base", "what"), Ct));
            Assert.True(File.Exists(Path.Combine(archive, "before-20260131", "system")) && Directory.Exists(Path.Combine(archive, "before-20260131", "wal")));
            Assert.Contains(Path.Combine(archive, "before-20260131"), PointInTime.Old(folder.Root, new ArchiveOptions(archive, 1)));
            Assert.False(File.Exists(Path.Combine(folder.Root, "restore.journal")));
        }
    }

    [Fact]
    public async Task A_lost_database_comes_back_from_an_archive_on_a_disk_of_its_own_which_takes_no_other()
    {
        var (data, disk) = (Path.Combine(root, "data"), Path.Combine(root, "disk"));
        var options = new PrivatePostgresOptions { DataFolder = data, Archive = new ArchiveOptions(disk, 1L << 30) { Every = Timeout.InfiniteTimeSpan }, Settings = new Dictionary<string, string> { ["shared_buffers"] = "32MB", ["fsync"] = "off" } };
        await using (var server = await PrivatePostgresServer.Start(options, NullLogger.Instance, Ct))
        {
            var keeper = server.Archive!;
            Directory.CreateDirectory(Path.Combine(disk, "lost+found"));

            // Cut short, a base copy leaves nothing, and is not taken for one.
            using (var cut = CancellationTokenSource.CreateLinkedTokenSource(Ct))
            {
                var looking = keeper.Look(cut.Token);
                await Eventually(() => Task.FromResult(looking.IsCompleted || Directory.EnumerateDirectories(Path.Combine(disk, "base"), "*.partial").Any()));
                await cut.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
            }
            Assert.Empty(Directory.EnumerateDirectories(Path.Combine(disk, "base")));
            Assert.Null(keeper.Status().From);
            Assert.True(await keeper.Look(Ct));

            // What is too old and cannot be removed is said; the keeper does not try for ever.
            var stuck = Directory.CreateDirectory(Path.Combine(disk, "base", "stuck")).FullName;
            await File.WriteAllTextAsync(Path.Combine(stuck, "base.json"), System.Text.Json.JsonSerializer.Serialize(new BaseCopy("stuck", DateTimeOffset.UnixEpoch, "0000000000000000")), Ct);
            await using (var large = File.Create(Path.Combine(stuck, "base.tar.gz"))) large.SetLength(2L << 30);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(stuck, (UnixFileMode)0b101_101_101);
            Assert.False(await keeper.Look(Ct));
            Assert.Contains("cannot be removed", keeper.Status().Problem, StringComparison.Ordinal);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(stuck, (UnixFileMode)0b111_101_101);
            Directory.Delete(stuck, recursive: true);

            await Run(server, "create table kept (what text); insert into kept values ('kept'); select pg_switch_wal()");
            await Archived(server);
        }
        // A new machine, or disk: the keys were put back.
        Directory.Delete(data, recursive: true);
        Directory.CreateDirectory(data);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(Path.Combine(data, "keys"), "", Ct);

        // No empty database takes the lost one's place, nor its archive.
        var refused = await Assert.ThrowsAsync<PrivatePostgresException>(() => PrivatePostgresServer.Start(options, NullLogger.Instance, Ct));
        Assert.Contains("restore --at latest", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(data, "postgres")));

        Assert.Equal(string.Empty, await PointInTime.Recover(options, null, _ => Task.FromResult(true), _ => { }, NullLogger.Instance, Ct));
        Assert.Contains(PointInTime.Old(data, options.Archive), f => Path.GetDirectoryName(f) == disk);
        await using (var again = await PrivatePostgresServer.Start(options with { Archive = options.Archive! with { Every = TimeSpan.FromMilliseconds(100) } }, NullLogger.Instance, Ct))
        {
            Assert.Equal("kept", await Scalar(again, "select what from kept"));
            // The server looks by itself.
            await Eventually(() => Task.FromResult(again.Archive!.Status().From is not null));
        }

        // Another installation's, by the identifier in it.
        await File.WriteAllTextAsync(Path.Combine(disk, "system"), "1234\n", Ct);
        Assert.Contains("another database", (await Assert.ThrowsAsync<PrivatePostgresException>(() => PrivatePostgresServer.Start(options, NullLogger.Instance, Ct))).Message, StringComparison.Ordinal);
        Assert.Contains("another database", (await Assert.ThrowsAsync<PrivatePostgresException>(() => PointInTime.Recover(options, null, _ => Task.FromResult(true), _ => { }, NullLogger.Instance, Ct))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_does_not_answer_counts_as_one_that_takes_nothing()
    {
        foreach (var part in (string[])["wal", "pg_wal", "pg_wal/archive_status"]) Directory.CreateDirectory(Path.Combine(root, part));
        await File.WriteAllTextAsync(Path.Combine(root, "pg_wal", "000000010000000000000001"), "log", Ct);
        foreach (var waiting in Enumerable.Range(1, 2)) await File.WriteAllTextAsync(Path.Combine(root, "pg_wal", "archive_status", $"{waiting}.ready"), "", Ct);
        var text = new ArchiveFiles(root, null!, 1).ArchiveText();
        Assert.Contains(" -k 5 120", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(root, "archive.sh"), text.Replace(" -k 5 120", " -k 5 1", StringComparison.Ordinal), Ct);
        Task<CommandResult> Archive() => Command.Run("sh", ["-c", """cd -- "$1" && sh archive.sh pg_wal/000000010000000000000001 000000010000000000000001""", "sh", root], Ct);
        // Nobody reads what is written there: the copy waits.
        Assert.True((await Command.Run("mkfifo", [Path.Combine(root, "wal", "000000010000000000000001.gz.new")], Ct)).Succeeded);
        Assert.True((await Archive()).Succeeded);
        Assert.Equal("000000010000000000000001", (await File.ReadAllTextAsync(Path.Combine(root, ArchiveFiles.GapFile), Ct)).Trim());

        File.Delete(Path.Combine(root, "wal", "000000010000000000000001.gz.new"));
        Assert.True((await Archive()).Succeeded);
        Assert.True((await Archive()).Succeeded);
        Assert.Equal(["000000010000000000000001.gz"], Directory.EnumerateFiles(Path.Combine(root, "wal")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("0/2000028", "0000000000000002")]
    [InlineData("1A/FF000028", "0000001A000000FF")]
    public void A_place_in_the_log_lies_in_a_segment(string place, string segment) => Assert.Equal(segment, ArchiveKeeper.Segment(place));

    private static async Task Archived(PrivatePostgresServer server) => await Eventually(async () => await Waiting(server) == 0);

    private static async Task<long> Waiting(PrivatePostgresServer server) =>
        (long)(await Scalar(server, "select count(*) from pg_ls_dir('pg_wal/archive_status') f where f like '%.ready'"))!;

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        for (var patience = 0; patience < 1200; patience++)
        {
            if (await condition()) return;
            await Task.Delay(50, Ct);
        }
        throw new TimeoutException("It did not come about within a minute.");
    }

    private static async Task Run(PrivatePostgresServer server, string text)
    {
        foreach (var statement in text.Split("; ")) await Scalar(server, statement);
    }

    private static async Task<object?> Scalar(PrivatePostgresServer server, string text)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}

/// <summary>What the archive's files say of themselves.</summary>
public sealed class ArchiveFilesTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("clientele-archive-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private static DateTimeOffset At(int minute) => new(2026, 1, 1, 10, minute, 0, TimeSpan.Zero);

    private ArchiveFiles Files => new(root, null!, 64);

    private void Copy(string name, int minute, string segment)
    {
        Directory.CreateDirectory(Path.Combine(root, "base", name));
        File.WriteAllText(Path.Combine(root, "base", name, "base.json"), System.Text.Json.JsonSerializer.Serialize(new BaseCopy(name.Replace(".partial", "", StringComparison.Ordinal), At(minute), segment)));
    }

    private static void Segment(string folder, string name, int minute)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, name), "x");
        File.SetLastWriteTimeUtc(Path.Combine(folder, name), At(minute).UtcDateTime);
    }

    private void Archived(string place, int minute) => Segment(Path.Combine(root, "wal"), $"00000001{place}.gz", minute);

    [Fact]
    public void Only_whole_copies_are_copies()
    {
        Assert.Empty(Files.List());
        Copy("whole", 5, "0000000000000001");
        Copy("cut.partial", 6, "0000000000000002");
        foreach (var (name, content) in new[] { ("empty", ""), ("half", "{\"Name\":\"half\""), ("nothing", "null"), ("bare", "{}") })
        {
            Copy(name, 7, "0000000000000003");
            File.WriteAllText(Path.Combine(root, "base", name, "base.json"), content);
        }
        Directory.CreateDirectory(Path.Combine(root, "base", "removed"));
        Assert.Equal("whole", Assert.Single(Files.List()).Name);
    }

    [Fact]
    public void Only_its_own_folders_are_measured()
    {
        Copy("whole", 5, "0000000000000001");
        var bytes = Files.Bytes();
        Directory.CreateDirectory(Path.Combine(root, "lost+found"));
        File.WriteAllText(Path.Combine(root, "lost+found", "other"), "other");
        Assert.True(bytes > 0);
        Assert.Equal(bytes, Files.Bytes());
    }

    [Fact]
    public void Missing_segments_are_a_gap_between_copies_that_lead_on_before_and_after()
    {
        Copy("first", 5, "00000000000000FD");
        Assert.Null(Files.BreaksOff(Files.List()[0]));
        Archived("00000000000000FC", 4);
        Archived("00000000000000FD", 6);
        Archived("00000000000000FE", 7);
        Archived("00000000000000FF", 8);
        Archived("0000000100000000", 9);
        Segment(Path.Combine(root, "wal"), "00000001000000010000000A.00000028.backup.gz", 9);
        Assert.Null(Files.BreaksOff(Files.List()[0]));
        Assert.Empty(Files.Gaps());

        // A segment was given up, then others came.
        Archived("0000000100000002", 20);
        Assert.Equal(At(9), Files.BreaksOff(Files.List()[0]));
        Assert.Equal([(At(9), null)], Files.Gaps());
        // PostgreSQL's own folder still has it.
        Segment(Path.Combine(root, "own", "pg_wal"), "000000010000000100000001", 15);
        Assert.Null(Files.BreaksOff(Files.List()[0], Path.Combine(root, "own")));

        Copy("second", 25, "0000000100000003");
        Archived("0000000100000003", 26);
        Assert.Null(Files.BreaksOff(Files.List()[1]));
        Assert.Equal([(At(9), At(25))], Files.Gaps());
    }

    [Fact]
    public void A_copy_whose_log_never_came_leads_to_its_own_end()
    {
        Copy("first", 5, "0000000000000001");
        Archived("0000000000000003", 9);
        Assert.Equal(At(5), Files.BreaksOff(Files.List()[0]));
    }

    [Fact]
    public void An_archive_of_another_database_is_refused()
    {
        Files.RefuseForeign(null);
        Files.RefuseForeign("1");
        File.WriteAllText(Path.Combine(root, "system"), "1\n");
        Files.RefuseForeign("1");
        Copy("first", 5, "0000000000000001");
        Assert.Contains("another database", Assert.Throws<PrivatePostgresException>(() => Files.RefuseForeign("2")).Message, StringComparison.Ordinal);
        Assert.Contains("restore --at latest", Assert.Throws<PrivatePostgresException>(() => Files.RefuseForeign(null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("2")]
    public void A_restore_is_named_only_where_a_base_copy_leads_back(string? system)
    {
        File.WriteAllText(Path.Combine(root, "system"), "1\n");
        Copy("first.partial", 5, "0000000000000001");
        Archived("0000000000000001", 6);
        var said = Assert.Throws<PrivatePostgresException>(() => Files.RefuseForeign(system)).Message;
        Assert.DoesNotContain("clientele restore", said, StringComparison.Ordinal);
        Assert.Contains("no whole base copy", said, StringComparison.Ordinal);
        Assert.Contains("move", said, StringComparison.Ordinal);
    }
}

/// <summary>What the variables of backups may say.</summary>
public sealed class BackupOptionsTests
{
    [Theory]
    [InlineData("CLIENTELE_BACKUP_AT", "25:00")]
    [InlineData("CLIENTELE_BACKUP_KEEP", "0")]
    [InlineData("CLIENTELE_RESTORE_TEST", "-1")]
    public void A_variable_that_makes_no_sense_is_named(string variable, string value)
    {
        Environment.SetEnvironmentVariable(variable, value);
        try { Assert.Contains(variable, Assert.Throws<SetupException>(() => Backups.BackupOptions.FromEnvironment("x", null, "")).Message, StringComparison.Ordinal); }
        finally { Environment.SetEnvironmentVariable(variable, null); }
    }

    [Fact]
    public void Backups_are_daily_unless_switched_off_and_an_archive_has_a_size()
    {
        Assert.Equal(new TimeOnly(2, 30), Backups.BackupOptions.FromEnvironment("x", null, "").At);
        Assert.Null(ArchiveOptions.FromEnvironment());
        foreach (var (word, bytes) in new[] { ("20GB", 20L << 30), ("256MB", 256L << 20), ("1TB", 1L << 40), ("off", 0L) })
        {
            Environment.SetEnvironmentVariable("CLIENTELE_ARCHIVE", word);
            try { Assert.Equal(bytes, ArchiveOptions.FromEnvironment()?.LimitBytes ?? 0); }
            finally { Environment.SetEnvironmentVariable("CLIENTELE_ARCHIVE", null); }
        }
        foreach (var word in (string[])["1GB5", "20", "10MB", "-5GB", "99999999999999TB"])
        {
            Environment.SetEnvironmentVariable("CLIENTELE_ARCHIVE", word);
            try { Assert.Throws<SetupException>(ArchiveOptions.FromEnvironment); }
            finally { Environment.SetEnvironmentVariable("CLIENTELE_ARCHIVE", null); }
        }
    }
}
