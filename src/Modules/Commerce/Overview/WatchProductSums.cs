using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Commerce.Overview;

/// <summary>Once a day: do the sums of products, customers and promotions still equal a count of their lines, orders and uses? A difference is a bug, and is said so.</summary>
internal sealed partial class WatchProductSums(Databases databases, TimeProvider clock, ILogger<WatchProductSums> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromDays(1), clock);
        try
        {
            await Task.Delay(TimeSpan.FromMinutes(5), clock, stoppingToken);
            do await Look(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
    }

    /// <returns>How many sums differ, over all organizations.</returns>
    internal async Task<long> Look(CancellationToken ct)
    {
        var drift = 0L;
        try
        {
            foreach (var organization in await new Db(databases.Service, Tenant.None).List<Guid>($"select o.id from platform.organizations o", ct))
            {
                var different = await new Db(databases.Application, Tenant.System(organization)).One<long>($"""
                    select (select count(*) from commerce.product_drift()) + (select count(*) from commerce.totals_drift()) + (select count(*) from commerce.promotion_drift())
                    """, ct);
                if (different > 0) LogDrift(organization, different);
                drift += different;
            }
        }
        catch (Npgsql.NpgsqlException e) { LogAway(e.Message); }
        return drift;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} sums of organization {Organization} differ from what they count (commerce.product_drift, totals_drift, promotion_drift): please report it")]
    private partial void LogDrift(Guid organization, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sums were not compared: {Reason}")]
    private partial void LogAway(string reason);
}
