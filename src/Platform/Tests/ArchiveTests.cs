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
        var options = new PrivatePostgresOptions { DataFolder = Path.Combine(root, "data"), Archive = new ArchiveOptions(null, Limit) { MostWaiting = 3 }, Settings = new Dictionary<string, string> { ["shared_buffers"] = "32MB", ["fsync"] = "off" } };
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

        // The archive's disk is away: what waits is bounded, that it waits is said, and afterwards the window begins anew.
        var (segments, aside) = (Path.Combine(root, "data", "archive", "wal"), Path.Combine(root, "data", "archive", "away"));
        Directory.Move(segments, aside);
        for (var round = 0; round < 6; round++) await Run(server, "insert into noise values ('x'); select pg_switch_wal()");
        await Eventually(async () => File.Exists(Path.Combine(root, "data", "postgres", "clientele-archive.gap")) && await Waiting(server) <= 4);
        Directory.Move(aside, segments);
        Assert.True(await keeper.Look(Ct));
        Assert.True(keeper.Status().From > later.From, $"{keeper.Status()}");
        Assert.False(File.Exists(Path.Combine(root, "data", "postgres", "clientele-archive.gap")));
        Assert.False(await keeper.Look(Ct));
    }

    [Fact]
    public async Task A_recovery_cut_short_between_its_steps_is_finished_by_the_next_start()
    {
        foreach (var step in (int[])[0, 1, 2])
        {
            var folder = DataFolder.At(Directory.CreateDirectory(Path.Combine(root, $"cut{step}")).FullName);
            var archive = Path.Combine(folder.Root, "archive");
            foreach (var (path, content) in new[] { (folder.Cluster, "present"), (Path.Combine(folder.Root, "postgres.recovering"), "recovered"), (archive, "old") })
            {
                Directory.CreateDirectory(path);
                await File.WriteAllTextAsync(Path.Combine(path, "what"), content, Ct);
            }
            await File.WriteAllTextAsync(Path.Combine(folder.Root, "restore.journal"), $"20260131\n{archive}\n", Ct);
            if (step >= 1) Directory.Move(folder.Cluster, folder.Cluster + ".before-20260131");
            if (step >= 2) Directory.Move(Path.Combine(folder.Root, "postgres.recovering"), folder.Cluster);

            await PointInTime.Finish(folder, Ct);
            await PointInTime.Finish(folder, Ct);

            Assert.Equal("recovered", await File.ReadAllTextAsync(Path.Combine(folder.Cluster, "what"), Ct));
            Assert.Equal("present", await File.ReadAllTextAsync(Path.Combine(folder.Cluster + ".before-20260131", "what"), Ct));
            Assert.False(Directory.Exists(archive));
            Assert.Equal("old", await File.ReadAllTextAsync(Path.Combine(archive + ".before-20260131", "what"), Ct));
            Assert.False(File.Exists(Path.Combine(folder.Root, "restore.journal")));
        }
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
