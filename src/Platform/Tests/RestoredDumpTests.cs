using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>A dump, restored into another database: the epoch rises at start, and nothing of before or after is lost to a consumer.</summary>
[Trait("Runs", "processes")]
public sealed class RestoredDumpTests(RestoredDumpTests.Database database) : IClassFixture<RestoredDumpTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed class Counter : ILogConsumer
    {
        public List<Guid> Seen { get; } = [];
        public int Resets { get; private set; }
        public string Name => "probe.counter";
        public async Task Apply(Transaction transaction, LogRange range, CancellationToken ct) => Seen.AddRange(await transaction.List<Guid>($"select e.id from log.events e where {range.Contains("e")} order by e.epoch, e.writer, e.position", ct));
        public Task Reset(Transaction transaction, CancellationToken ct) { Resets++; Seen.Clear(); return Task.CompletedTask; }
    }

    [Fact]
    public async Task A_restored_dump_raises_the_epoch_and_consumers_begin_again()
    {
        var old = new NewEvent("before", DateTimeOffset.UtcNow);
        await database.Db.InTransaction(t => EventLog.Append(t, [old], Ct), Ct);
        await database.CatchUp(new Counter());
        var source = new NpgsqlConnectionStringBuilder(await TestServer.Connection) { Database = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database };
        var target = $"restored_{Guid.NewGuid():N}";
        await TestDatabase.Administrate($"create database {target} owner clientele_test");
        try
        {
            Shell($"pg_dump -Fc {source.Database} | pg_restore -d {target} --exit-on-error", source);
            await using var databases = new Databases(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = target }.ConnectionString);
            var runner = new ConsumerRunner(databases, NullLogger<ConsumerRunner>.Instance);
            var consumer = new Counter();
            await new Db(databases.Service, Tenant.None).One<short>($"select log.verify_epoch()", Ct);
            var late = new NewEvent("after", DateTimeOffset.UtcNow);
            await new Db(databases.Application, database.Alpha).InTransaction(t => EventLog.Append(t, [late], Ct), Ct);

            for (var patience = 0; patience < 600 && consumer.Seen.Count < 2; patience++)
            {
                await runner.CatchUp(consumer, Ct);
                await Task.Delay(50, Ct);
            }

            Assert.Equal(1, consumer.Resets);
            Assert.Equal([old.Id, late.Id], consumer.Seen);
        }
        finally
        {
            await TestDatabase.Administrate($"drop database {target} with (force)");
        }
    }

    private static void Shell(string command, NpgsqlConnectionStringBuilder server)
    {
        var start = new System.Diagnostics.ProcessStartInfo("bash", ["-c", "set -o pipefail; " + command]) { RedirectStandardError = true };
        start.Environment["PGHOST"] = server.Host;
        start.Environment["PGPORT"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = server.Username;
        start.Environment["PGPASSWORD"] = server.Password;
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }
}
