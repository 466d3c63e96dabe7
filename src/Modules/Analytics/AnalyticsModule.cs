using System.Text.Json;
using Clientele.Analytics.Queries;
using Clientele.Analytics.Queries.Following;
using Clientele.Platform.Audit;
using Clientele.Platform.Jobs;
using Clientele.Platform.Modules;
using Clientele.Timelines.Questions;
using Clientele.Platform.Permissions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Clientele.Analytics;

/// <summary>Segments, cohorts, dashboards and KPIs.</summary>
public sealed class AnalyticsModule : IModule
{
    public string Name => "analytics";

    public void AddServices(IServiceCollection services)
    {
        services.TryAddSingleton(new TimelinesOptions(null));
        services.AddSingleton<TimelinesNode>();
        services.AddHostedService(s => s.GetRequiredService<TimelinesNode>());
        services.AddSingleton(s => TimelinesCheck.Of(s.GetRequiredService<TimelinesNode>()));
        services.AddSingleton<QuestionDesk>();
        services.AddSingleton(new JobHandler("segment_update", async (db, _, ct) =>
            new { segments = await db.One<int>($"select analytics.refresh_due_segments()", ct) }));
        services.AddSingleton(new JobHandler("cohort_refresh", async (db, _, ct) =>
            new { cohorts = await db.One<int>($"select analytics.refresh_due_cohorts()", ct) }));
        services.AddSingleton(new JobHandler("metric_calculation", async (db, config, ct) =>
        {
            var scores = Says(config, "calculate_engagement") || Says(config, "calculate_churn_risk");
            var metrics = config.TryGetProperty("metrics", out var named) ? named.EnumerateArray().Select(m => m.GetString()!).ToArray() : [];
            return new
            {
                scored = scores ? await db.One<long>($"select analytics.refresh_scores()", ct) : 0,
                metrics = metrics.Length > 0 ? await db.One<int>($"select analytics.record_metrics({metrics})", ct) : 0,
            };
        }));
    }

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        api.MapPost("/analytics/query", AskQuestion.Handle).WithTags("Analytics").Requires(Can.Analyse).Produces<AnswerView>().Produces<RunningView>(StatusCodes.Status202Accepted);
        api.MapPost("/analytics/query/timeline", AskTimeline.Handle).Reads("customers").WithTags("Analytics").Requires(Can.Analyse);
        api.MapPost("/analytics/query/customers", AskWho.Handle).Reads("customers").WithTags("Analytics").Requires(Can.Analyse);
        api.MapPost("/analytics/query/sql", ShowSql.Handle).WithTags("Analytics").Requires(Can.Analyse);
        api.MapGet("/analytics/queries/{id:guid}", AskQuestion.Look).WithTags("Analytics").Requires(Can.Analyse);
        api.MapDelete("/analytics/queries/{id:guid}", AskQuestion.Cancel).WithTags("Analytics").Requires(Can.Analyse).Produces(StatusCodes.Status204NoContent);
        api.MapGet("/analytics/vocabulary", ListVocabulary.Handle).WithTags("Analytics").Requires(Can.Analyse);
        api.MapGet("/analytics/values", ListValues.Handle).WithTags("Analytics").Requires(Can.Analyse);
        api.MapGet("/analytics/timelines", GetTimelines.Handle).WithTags("Analytics").Requires(Can.Analyse);
    }

    private static bool Says(JsonElement config, string key) => config.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.True;
}
