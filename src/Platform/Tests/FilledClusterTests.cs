using System.Diagnostics;
using System.Globalization;
using Clientele.Platform.PrivatePostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static Clientele.Platform.Tests.PrivatePostgresTests;

namespace Clientele.Platform.Tests;

/// <summary>A new cluster is filled beside its place: it is whole when it takes the place, or it was never there.</summary>
[Trait("Runs", "processes")]
public sealed class FilledClusterTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "clientele-test-" + Guid.NewGuid().ToString("n"));
    private string filledAt = "";
    private int fills;

    public void Dispose()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task It_is_filled_once_without_waiting_for_the_disk_and_waits_from_then_on()
    {
        for (var start = 0; start < 2; start++)
        {
            await using var server = await Start(async superuser =>
            {
                Assert.False(File.Exists(Path.Combine(folder, "postgres", "PG_VERSION")));
                Assert.Equal("off", await Ask(superuser, "show fsync"));
                await Ask(superuser, "create table filled (n int)");
                await Ask(superuser, "insert into filled select generate_series(1, 10000)");
            });
            Assert.Equal("on", await Ask(server.ConnectionString, "show fsync"));
            Assert.Equal("on", await Ask(server.ConnectionString, "show full_page_writes"));
            Assert.Equal("on", await Ask(server.ConnectionString, "show synchronous_commit"));
            Assert.Equal("on", await Ask(server.ConnectionString, "show autovacuum"));
            Assert.Equal(10000L, await Ask(server.ConnectionString, "select count(*) from filled"));
            Assert.Equal(1, fills);
            Nothing_is_half_made();
        }
        Assert.False(Directory.Exists(filledAt));
    }

    [Fact]
    public async Task What_fails_while_it_is_filled_leaves_none_and_the_next_start_begins_again()
    {
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => Start(async superuser =>
        {
            await Ask(superuser, "create table half (n int)");
            throw new InvalidOperationException("a schema file is wrong");
        }));
        Assert.Equal("a schema file is wrong", failed.Message);
        Assert.False(Directory.Exists(Path.Combine(folder, "postgres")));
        Nothing_is_half_made();
        Assert.False(Directory.Exists(filledAt));

        await using var server = await Start(superuser => Ask(superuser, "create table whole (n int)"));
        Assert.Equal(false, await Ask(server.ConnectionString, "select to_regclass('half') is not null"));
        Assert.Equal(0L, await Ask(server.ConnectionString, "select count(*) from whole"));
    }

    [Fact]
    public async Task PostgreSQL_that_dies_meanwhile_is_named_and_leaves_none()
    {
        var refused = await Assert.ThrowsAsync<PrivatePostgresException>(() => Start(async superuser =>
        {
            var postmaster = int.Parse(File.ReadLines(Path.Combine((string)(await Ask(superuser, "show data_directory"))!, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
            Process.GetProcessById(postmaster).Kill();
            await Ask(superuser, "select pg_sleep(30)");
        }));
        Assert.Contains("ended while its database was made", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Nothing_is_half_made();
        Assert.False(Directory.Exists(filledAt));
    }

    [Fact]
    public async Task A_link_in_its_place_is_refused_before_anything_is_made()
    {
        await using (await Start(_ => Task.CompletedTask)) { }
        Directory.Delete(Path.Combine(folder, "postgres"), recursive: true);
        var elsewhere = Directory.CreateTempSubdirectory("clientele-test-");
        try
        {
            Directory.CreateSymbolicLink(Path.Combine(folder, "postgres"), elsewhere.FullName);
            var refused = await Assert.ThrowsAsync<PrivatePostgresException>(() => Start(_ => Task.CompletedTask));
            Assert.Contains($"is a link to {elsewhere.FullName}", refused.Message, StringComparison.Ordinal);
            Assert.Equal(1, fills);
            Assert.True(Directory.Exists(Path.Combine(folder, "postgres")));
        }
        finally
        {
            File.Delete(Path.Combine(folder, "postgres"));
            elsewhere.Delete();
        }
    }

    [Fact]
    public async Task A_postmaster_that_still_runs_on_a_half_made_one_is_ended_and_everything_begins_again()
    {
        Process? orphan = null;
        // As after kill -9 of Clientele: the folder lies there, and PostgreSQL runs on it.
        await Assert.ThrowsAsync<OperationCanceledException>(() => Start(async superuser =>
        {
            var halfMade = (string)(await Ask(superuser, "show data_directory"))!;
            // One that the failed start does not find again when it clears up.
            orphan = await StartBeside(halfMade, Path.Combine(folder, "postgres.half-made-1"), superuser);
            throw new OperationCanceledException();
        }));
        Assert.False(orphan!.HasExited);

        await using var server = await Start(superuser => Ask(superuser, "create table whole (n int)"));
        Assert.True(orphan.WaitForExit(5000));
        Assert.False(Directory.Exists(Path.Combine(folder, "postgres.half-made-1")));
        Assert.Equal(0L, await Ask(server.ConnectionString, "select count(*) from whole"));
        orphan.Dispose();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<PrivatePostgresServer> Start(Func<string, Task> fill) => PrivatePostgresServer.Start(
        new()
        {
            DataFolder = folder,
            Fill = async (superuser, _) =>
            {
                fills++;
                filledAt = new NpgsqlConnectionStringBuilder(superuser).Host!;
                await fill(superuser);
            },
        },
        NullLogger.Instance, Cancellation);

    private void Nothing_is_half_made()
    {
        Assert.Empty(Directory.EnumerateDirectories(folder, "postgres.half-made-*"));
        Assert.Equal(["postgres"], Directory.EnumerateDirectories(Path.Combine(folder, "logs")).Select(Path.GetFileName));
    }

    private static async Task<Process> StartBeside(string halfMade, string copy, string superuser)
    {
        var socket = (string)(await Ask(superuser, "show unix_socket_directories"))!;
        var binaries = Path.GetDirectoryName(Run("readlink", "-f", $"/proc/{File.ReadLines(Path.Combine(halfMade, "postmaster.pid")).First()}/exe"))!;
        Run("cp", "-a", halfMade, copy);
        File.Delete(Path.Combine(copy, "postmaster.pid"));
        string[] account = Environment.IsPrivilegedProcess
            ? ["setpriv", $"--reuid={Run("stat", "-c", "%u", halfMade)}", $"--regid={Run("stat", "-c", "%g", halfMade)}", "--clear-groups", "--"]
            : [];
        string[] command = [.. account, Path.Combine(binaries, "postgres"), "-D", copy, "-c", $"unix_socket_directories={socket}", "-c", "port=5433", "-c", "logging_collector=off"];
        var orphan = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        orphan.BeginErrorReadLine();
        for (var clock = Stopwatch.StartNew(); !(File.Exists(Path.Combine(copy, "postmaster.pid")) && File.ReadAllLines(Path.Combine(copy, "postmaster.pid")).ElementAtOrDefault(7)?.Trim() is "ready"); await Task.Delay(50, Cancellation))
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "it took longer than 20 s");
        return orphan;
    }
}
