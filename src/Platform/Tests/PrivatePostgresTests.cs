using System.Diagnostics;
using Clientele.Platform.PrivatePostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>Real servers, started from this machine's binaries in a folder of their own.</summary>
[Trait("Runs", "processes")]
public sealed class PrivatePostgresTests(PrivatePostgresTests.Template template) : IClassFixture<PrivatePostgresTests.Template>, IDisposable
{
    private readonly string folder = NewFolder();

    private string Cluster => Path.Combine(folder, "postgres");

    public void Dispose()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_fresh_folder_becomes_a_server_and_keeps_its_data_over_a_restart()
    {
        await using (var first = await Start())
        {
            await Execute(first, "create table kept (n int)");
            await Execute(first, "insert into kept values (42)");
            Assert.Equal("", await Ask(first, "show listen_addresses"));
            Assert.Equal("on", await Ask(first, "show data_checksums"));
            Assert.Equal("scram-sha-256", await Ask(first, "show password_encryption"));
        }
        Assert.Empty(Directory.EnumerateDirectories(folder, "postgres.half-made-*"));
        Assert.Equal("600", Mode(Path.Combine(folder, "postgres.password")));
        Assert.Equal("600", Mode(Path.Combine(folder, "pg_service.conf")));
        Assert.Equal("700", Mode(Cluster));

        await using var second = await Start();
        Assert.Equal(42, await Ask(second, "select n from kept"));
        Assert.Equal("700", Mode(second.SocketFolder));
        Assert.True(second.SocketFolder.Length <= 93);
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_password()
    {
        await using var server = await StartUsed();
        var guess = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "guess", Pooling = false };
        await using var connection = new NpgsqlConnection(guess.ConnectionString);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Cancellation));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task A_killed_postmaster_is_started_again()
    {
        await using var server = await StartUsed();
        await Execute(server, "create table kept (n int)");
        Assert.Null(server.Deaths);

        for (var death = 1; death <= 2; death++)
        {
            var (killed, before) = (server.ProcessId!.Value, DateTimeOffset.UtcNow);
            Process.GetProcessById(killed).Kill();
            await RunsAgain(server, death);
            Assert.NotEqual(killed, server.ProcessId);
            Assert.InRange(server.Deaths!.Last, before, DateTimeOffset.UtcNow);
        }
        Assert.Equal(0L, await Ask(server, "select count(*) from kept"));
    }

    [Fact]
    public async Task A_query_that_outlives_its_postmaster_does_not_keep_the_next_from_starting()
    {
        await using var server = await StartUsed();
        // Computes without ever waiting, so it does not notice that its postmaster is gone.
        var query = Execute(server, "select count(*) from generate_series(1, 2000) a, generate_series(1, 2000) b, generate_series(1, 2000) c");
        await Until(async () => (long)(await Ask(server, "select count(*) from pg_stat_activity where state = 'active' and query like '%generate_series%' and pid <> pg_backend_pid()"))! > 0);

        Process.GetProcessById(server.ProcessId!.Value).Kill();

        await RunsAgain(server);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => query);
        Assert.Equal(1, await Ask(server, "select 1"));
    }

    [Fact]
    public async Task A_postmaster_left_running_is_adopted_supervised_and_stopped()
    {
        using var orphan = await LeaveRunning();

        await using (var server = await StartUsed())
        {
            Assert.Equal(orphan.Id, server.ProcessId);
            Assert.Equal(1, await Ask(server, "select 1"));

            orphan.Kill();
            await RunsAgain(server);
            Assert.Equal(1, await Ask(server, "select 1"));
        }
        Assert.False(File.Exists(Path.Combine(Cluster, "postmaster.pid")));
    }

    [Fact]
    public async Task An_adopted_postmaster_ends_with_us()
    {
        using var orphan = await LeaveRunning();
        await using (await StartUsed()) { }
        Assert.True(orphan.WaitForExit(5000));
    }

    [Fact]
    public async Task A_postmaster_left_running_with_other_settings_is_replaced()
    {
        using var orphan = await LeaveRunning();
        await using var server = await StartUsed(settings: new() { ["max_connections"] = "33" });
        Assert.NotEqual(orphan.Id, server.ProcessId);
        Assert.Equal("33", await Ask(server, "show max_connections"));
    }

    [Fact]
    public async Task A_stale_pid_file_is_no_obstacle_even_when_its_number_lives_again()
    {
        Use();
        var file = Path.Combine(Cluster, "postmaster.pid");
        await File.WriteAllTextAsync(file, $"{Environment.ProcessId}\n{Cluster}\n1700000000\n5432\n/tmp/elsewhere\n\n  5432001         0\nready   \n", Cancellation);
        Run("chown", $"--reference={Cluster}", file);
        await using var server = await StartUsed();
        Assert.Equal(1, await Ask(server, "select 1"));
    }

    [Fact]
    public async Task What_a_killed_start_left_half_made_is_cleared_away()
    {
        Directory.CreateDirectory(Path.Combine(folder, "postgres.half-made-1", "base"));
        await File.WriteAllTextAsync(Path.Combine(folder, "clientele.lock"), "1\n", Cancellation);
        await using var server = await Start();
        Assert.False(Directory.Exists(Path.Combine(folder, "postgres.half-made-1")));
    }

    [Fact]
    public async Task A_lost_password_is_replaced()
    {
        Use();
        File.Delete(Path.Combine(folder, "postgres.password"));
        await using var server = await Start();
        Assert.Equal(1, await Ask(server, "select 1"));
    }

    [Fact]
    public async Task A_password_of_another_server_is_named_with_the_cure()
    {
        Use();
        await File.WriteAllTextAsync(Path.Combine(folder, "postgres.password"), "other\n", Cancellation);
        Assert.Contains("remove the file", await Refused(() => Start()), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Cluster, "postmaster.pid")));
    }

    [Fact]
    public async Task A_second_start_on_the_same_folder_is_refused()
    {
        await using var first = await StartUsed();
        var refused = await Refused(() => Start());
        Assert.Contains($"in use by another Clientele (process {Environment.ProcessId})", refused, StringComparison.Ordinal);
        Assert.Equal(1, await Ask(first, "select 1"));
    }

    [Fact]
    public async Task A_folder_of_another_major_is_refused_with_the_upgrade_command()
    {
        Use();
        await File.WriteAllTextAsync(Path.Combine(Cluster, "PG_VERSION"), "12\n", Cancellation);
        var refused = await Refused(() => Start());
        Assert.Contains("written by PostgreSQL 12", refused, StringComparison.Ordinal);
        Assert.Contains("apt-get install postgresql-12", refused, StringComparison.Ordinal);
        Assert.Contains("pg_upgrade -b", refused, StringComparison.Ordinal);

        await File.WriteAllTextAsync(Path.Combine(Cluster, "PG_VERSION"), "99\n", Cancellation);
        Assert.Contains("apt-get install postgresql-99", await Refused(() => Start()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_files_of_somebody_else_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "thesis.txt"), "mine", Cancellation);
        Assert.Contains("not Clientele's", await Refused(() => Start()), StringComparison.Ordinal);
        Assert.Equal([Path.Combine(folder, "thesis.txt")], Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public async Task A_postgres_folder_without_a_cluster_is_refused()
    {
        Directory.CreateDirectory(Cluster);
        await File.WriteAllTextAsync(Path.Combine(Cluster, "notes.txt"), "mine", Cancellation);
        Assert.Contains("not PostgreSQL's", await Refused(() => Start()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PostgreSQLs_own_folder_is_not_taken_for_ours()
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "PG_VERSION"), "15\n", Cancellation);
        Assert.Contains("--database", await Refused(() => Start()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_the_folders_place_is_refused()
    {
        await File.WriteAllTextAsync(folder, "", Cancellation);
        try
        {
            Assert.Contains("is a file", await Refused(() => Start()), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(folder);
        }
    }

    [Fact]
    public async Task A_path_that_the_account_cannot_pass_is_refused_with_the_command()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root starts PostgreSQL as somebody else");
        Directory.CreateDirectory(folder);
        Run("chmod", "700", folder);
        var refused = await Refused(() => Start(dataFolder: Path.Combine(folder, "inner", "data")));
        Assert.Contains($"chmod o+x {folder}", refused, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public async Task A_path_too_long_for_PostgreSQL_is_refused() =>
        Assert.Contains("900 bytes", await Refused(() => Start(dataFolder: Path.Combine(folder, string.Join('/', Enumerable.Repeat(new string('x', 100), 10))))), StringComparison.Ordinal);

    [Fact]
    public async Task A_deep_path_still_gets_a_short_socket()
    {
        await using var server = await Start(dataFolder: Path.Combine(folder, new string('d', 200)));
        Assert.Equal(1, await Ask(server, "select 1"));
    }

    [Fact]
    public async Task Binaries_that_are_none_are_refused() =>
        Assert.Contains("does not hold PostgreSQL's server binaries", await Refused(() => Start(binaries: "/nonexistent")), StringComparison.Ordinal);

    [Fact]
    public async Task A_setting_that_PostgreSQL_refuses_is_named_in_the_one_line()
    {
        var refused = await Refused(() => StartUsed(settings: new() { ["shared_bufers"] = "1GB" }));
        Assert.Contains("shared_bufers", refused, StringComparison.Ordinal);

        await using var corrected = await Start();
        Assert.Equal(1, await Ask(corrected, "select 1"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A folder that has been used before: copying one is faster than initdb.</summary>
    public sealed class Template : IAsyncLifetime
    {
        internal string Folder { get; } = NewFolder();

        public async ValueTask InitializeAsync()
        {
            await using var server = await PrivatePostgresServer.Start(new() { DataFolder = Folder, Durable = false }, NullLogger.Instance, Cancellation);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }

    private static string NewFolder() => Path.Combine(Path.GetTempPath(), "clientele-test-" + Guid.NewGuid().ToString("n"));

    private async Task<PrivatePostgresServer> StartUsed(Dictionary<string, string>? settings = null)
    {
        Use();
        return await Start(settings: settings);
    }

    private void Use()
    {
        if (!Directory.Exists(folder))
            Run("cp", "-a", template.Folder, folder);
    }

    private Task<PrivatePostgresServer> Start(string? dataFolder = null, Dictionary<string, string>? settings = null, string? binaries = null) =>
        PrivatePostgresServer.Start(
            new() { DataFolder = dataFolder ?? folder, Durable = false, Settings = settings ?? [], BinariesFolder = binaries },
            NullLogger.Instance, Cancellation);

    private static async Task<string> Refused(Func<Task> start)
    {
        var message = (await Assert.ThrowsAsync<PrivatePostgresException>(start)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    /// <summary>As after kill -9 of Clientele: the very same command line goes on, and nobody holds the lock.</summary>
    private async Task<Process> LeaveRunning()
    {
        string[] commandLine;
        string connectionString, socketFolder;
        await using (var server = await StartUsed())
        {
            socketFolder = server.SocketFolder;
            commandLine = (await File.ReadAllTextAsync($"/proc/{server.ProcessId}/cmdline", Cancellation)).TrimEnd('\0').Split('\0');
            connectionString = server.ConnectionString;
        }
        Run("mkdir", "-m", "700", socketFolder);
        Run("chown", $"--reference={Cluster}", socketFolder);
        string[] account = Environment.IsPrivilegedProcess
            ? ["setpriv", $"--reuid={Run("stat", "-c", "%u", Cluster)}", $"--regid={Run("stat", "-c", "%g", Cluster)}", "--clear-groups", "--"]
            : [];
        string[] command = [.. account, .. commandLine];
        var orphan = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await Until(async () =>
        {
            await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
            await connection.OpenAsync(Cancellation);
            return true;
        });
        return orphan;
    }

    private static Task RunsAgain(PrivatePostgresServer server, int deaths = 1) =>
        Until(() => Task.FromResult(server.ProcessId is not null && server.Deaths?.Count == deaths));

    private static async Task Until(Func<Task<bool>> holds)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50, Cancellation))
            try
            {
                if (await holds())
                    return;
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), "it took longer than 20 s");
            }
            catch (NpgsqlException) when (clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                // Not yet.
            }
    }

    private static Task<object?> Execute(PrivatePostgresServer server, string sql) => Ask(server, sql);

    private static Task<object?> Ask(PrivatePostgresServer server, string sql) => Ask(server.ConnectionString, sql);

    internal static async Task<object?> Ask(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Command Timeout=60");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private static string Mode(string path) => Run("stat", "-c", "%a", path);

    internal static string Run(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
