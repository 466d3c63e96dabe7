using System.Globalization;
using Clientele.Platform.PrivatePostgres;

namespace Clientele.Platform.Health.Checks;

/// <summary>Deaths of the private PostgreSQL. It is back in a second, so that no other look finds it away; what was at work then was cut off all the same.</summary>
internal static class PostgresCheck
{
    public static HealthCheck Deaths(PrivatePostgresServer server, TimeProvider clock) => new("node", "postgresql", TimeSpan.FromSeconds(1), _ => Task.FromResult(
        Find(server.Deaths, clock.GetUtcNow()))) { OfEachNode = true };

    /// <param name="deaths">Since the server started; null: none.</param>
    public static Finding Find(PrivatePostgresDeaths? deaths, DateTimeOffset now)
    {
        if (deaths is null) return Finding.Well();
        var data = new { deaths = deaths.Count, lastAt = deaths.Last };
        return now - deaths.Last > TimeSpan.FromDays(1) ? Finding.Well(data) : Finding.Degraded("postgres_died", string.Create(CultureInfo.InvariantCulture,
            $"PostgreSQL died and was started again, last at {deaths.Last:yyyy-MM-dd HH:mm:ss} UTC (since this server started: {deaths.Count}). See why in logs/postgres of the data folder; when nothing stands there, the machine may have run out of memory."), data);
    }
}
