using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Bench;

/// <summary>The real executable as a user starts it, from its start to the first "ready".</summary>
internal static class StartBenchmark
{
    private const int Runs = 5;

    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        if (args.Length > 0) throw new SetupException("start takes no options.");
        var cold = new List<double>();
        var migrations = new List<double>();
        double warm, memory;
        // The folders stay until the end: ext4 passes over the inodes of files that were deleted a moment ago, one by one, so that
        // the next 2,500 files would take up to half as long again. A newcomer has deleted nothing.
        var folders = new List<string>();
        try
        {
            for (var run = 1; run <= Runs; run++)
            {
                folders.Add(BenchHome.NewFolder());
                await using var server = await ServerProcess.Start(folders[^1], ct);
                cold.Add(server.ReadyAfter);
                migrations.Add(await Migrations(folders[^1], ct));
                Table.Row($"cold start {run}", $"{cold[^1]:0.00} s", string.Create(CultureInfo.InvariantCulture, $"of which migrations {migrations[^1]:0.00} s"));
            }
            await using var again = await ServerProcess.Start(folders[^1], ct);
            warm = again.ReadyAfter;
            await Task.Delay(TimeSpan.FromSeconds(20), ct);
            memory = again.ResidentMegabytes;
        }
        finally
        {
            foreach (var folder in folders) Directory.Delete(folder, recursive: true);
        }
        Table.Row("cold start, median", $"{Table.Percentile(cold, 0.5):0.00} s");
        Table.Row("migrations, median", $"{Table.Percentile(migrations, 0.5):0.00} s");
        Table.Row("warm start", $"{warm:0.00} s", "the same folder again");
        Table.Row("idle memory of the server", $"{memory:0} MB", "resident, 20 s after the start, without PostgreSQL");
        return
        [
            new Figure("cold_start_seconds", Table.Percentile(cold, 0.5), "s", 10, 5),
            new Figure("migrations_seconds", Table.Percentile(migrations, 0.5), "s", 3, 1),
            new Figure("idle_memory_mb", memory, "MB", 250, 150),
        ];
    }

    private static async Task<double> Migrations(string folder, CancellationToken ct)
    {
        var login = await File.ReadAllTextAsync(Path.Combine(folder, "login.connection"), ct);
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(login) { Options = "-c role=" + Databases.Owner });
        return await new Db(source, Tenant.None).One<long>($"select (extract(epoch from max(m.applied_at + m.duration_ms * interval '1 ms') - min(m.applied_at)) * 1000)::bigint from platform.schema_migrations m", ct) / 1000.0;
    }
}
