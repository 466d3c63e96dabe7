using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Health.Checks;

/// <summary>What a PostgreSQL runs out of: connections and transaction numbers. That it answers and writes is measured by <see cref="HealthRecorder"/>.</summary>
internal static class DatabaseChecks
{
    /// <summary>PostgreSQL stops taking writes at about 2.1 billion; autovacuum acts at 0.2 billion.</summary>
    private const long OldTransactions = 1_000_000_000;
    private const double BusyConnections = 0.8;

    internal sealed record Limits(long Connections, long MostConnections, long TransactionAge);

    public static HealthCheck Room(Databases databases) => new("platform", "database room", TimeSpan.FromSeconds(5), async ct =>
    {
        return Find(await new Db(databases.Service, Tenant.None).One<Limits>($"""
            select (select sum(d.numbackends)::bigint from pg_stat_database d) as connections,
                   current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint as most_connections,
                   (select max(age(d.datfrozenxid))::bigint from pg_database d) as transaction_age
            """, ct));
    });

    public static Finding Find(Limits found) => found switch
    {
        { TransactionAge: > OldTransactions } => Finding.Unhealthy("transactions_old", string.Create(CultureInfo.InvariantCulture, $"{found.TransactionAge:N0} transactions since the oldest row was frozen; at 2.1 billion the database stops taking writes. Find what keeps vacuum from it: old transactions, prepared ones, replication slots."), found),
        _ when found.Connections > BusyConnections * found.MostConnections => Finding.Degraded("connections_busy", $"{found.Connections} of {found.MostConnections} connections are in use. A node takes 60 at most: raise max_connections.", found),
        _ => Finding.Well(found),
    };
}
