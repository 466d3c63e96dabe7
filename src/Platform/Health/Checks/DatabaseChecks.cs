using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Health.Checks;

/// <summary>What a PostgreSQL runs out of: connections and transaction numbers. That it answers and writes is measured by <see cref="HealthRecorder"/>.</summary>
internal static class DatabaseChecks
{
    /// <summary>PostgreSQL stops taking writes at about 2.1 billion; autovacuum acts at 0.2 billion.</summary>
    private const long OldTransactions = 1_000_000_000;
    private const double BusyConnections = 0.8;

    private sealed record Limits(long Connections, long MostConnections, long TransactionAge);

    public static HealthCheck Room(Databases databases) => new("platform", "database room", TimeSpan.FromSeconds(5), async ct =>
    {
        var found = await new Db(databases.Service, Tenant.None).One<Limits>($"""
            select (select sum(d.numbackends)::bigint from pg_stat_database d) as connections,
                   current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint as most_connections,
                   (select max(age(d.datfrozenxid))::bigint from pg_database d) as transaction_age
            """, ct);
        return found switch
        {
            { TransactionAge: > OldTransactions } => new Finding(HealthStatus.Unhealthy, $"{found.TransactionAge:N0} transactions since the oldest row was frozen; at 2.1 billion the database stops taking writes. Find what keeps vacuum from it: old transactions, prepared ones, replication slots.", found),
            _ when found.Connections > BusyConnections * found.MostConnections => new Finding(HealthStatus.Degraded, $"{found.Connections} of {found.MostConnections} connections are in use. A node takes 60 at most: raise max_connections.", found),
            _ => Finding.Well(found),
        };
    });

    /// <summary>It is back in a second, so that no other look finds it away; what was at work then was cut off all the same.</summary>
    public static HealthCheck Deaths(PrivatePostgresServer server, TimeProvider clock) =>
        new("node", "postgresql", TimeSpan.FromSeconds(1), _ => Task.FromResult(Find(server.Deaths, clock.GetUtcNow()))) { OfEachNode = true };

    /// <param name="deaths">Of the private PostgreSQL, since the server started.</param>
    public static Finding Find(PrivatePostgresDeaths? deaths, DateTimeOffset now) => deaths switch
    {
        null => Finding.Well(),
        _ when now - deaths.Last > TimeSpan.FromDays(1) => Finding.Well(deaths),
        _ => new Finding(HealthStatus.Degraded, string.Create(CultureInfo.InvariantCulture,
            $"PostgreSQL died and was started again, last at {deaths.Last:yyyy-MM-dd HH:mm:ss} UTC (since this server started: {deaths.Count}). See why in logs/postgres of the data folder; when nothing stands there, the machine may have run out of memory."), deaths),
    };
}
