using System.Diagnostics;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.DataApi.Rest;

/// <summary>Listens for changes of the database's tables and views, and has the catalogue read again.</summary>
internal sealed partial class CatalogueWatch(Databases databases, RestApi rest, TimeProvider clock, ILogger<CatalogueWatch> logger) : BackgroundService
{
    // A migration tells file by file: it is read again when there is a pause, and every now and then without one.
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(250), longest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan silence = TimeSpan.FromSeconds(30);

    private volatile bool told;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is, by a table somebody made by hand too: a server that stops for it would be worse.
                LogDeaf(logger, e);
                await Task.Delay(TimeSpan.FromSeconds(2), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task Listen(CancellationToken ct)
    {
        await using var connection = await databases.Service.OpenConnectionAsync(ct);
        connection.Notification += (_, _) => told = true;
        await using (var listen = new NpgsqlCommand($"listen {CatalogueNews.Channel}", connection)) await listen.ExecuteNonQueryAsync(ct);
        try
        {
            // What changed while nobody listened.
            await rest.Refresh(ct);
            while (true)
            {
                // A connection that was lost without a word is found out by asking.
                if (!await connection.WaitAsync(silence, ct))
                    await using (var there = new NpgsqlCommand("select 1", connection)) await there.ExecuteNonQueryAsync(ct);
                if (!told) continue;
                // Each word takes a wait of its own, however many have come.
                var since = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(since) < longest && await connection.WaitAsync(pause, ct)) { }
                told = false;
                await rest.Refresh(ct);
            }
        }
        finally
        {
            // It goes back to the pool, where nobody listens.
            if (connection.State == System.Data.ConnectionState.Open)
                await using (var quiet = new NpgsqlCommand("unlisten *", connection)) await quiet.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Changes of tables and views are not heard; trying again in two seconds")]
    private static partial void LogDeaf(ILogger logger, Exception exception);
}
