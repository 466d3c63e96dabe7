using System.Text.Json;
using Clientele.DataApi.Rest;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;
using Npgsql;

namespace Clientele.DataApi.Browse;

/// <summary>
/// GET /api/data/{schema}: how many rows the tables and views of a schema have for this caller. Few are counted; of many, and of
/// what is dear to count, the planner's estimate under the caller's row-level security is told.
/// </summary>
internal static class CountRows
{
    /// <summary>Up to so many are counted.</summary>
    private const int Counted = 1000;

    /// <summary>The planner's cost of looking at that many rows above which nobody counts.</summary>
    private const double MostCost = 20_000;

    /// <summary>So long may looking at one relation take.</summary>
    private const string Longest = "2s";

    /// <param name="Rows">Null: it could not be said.</param>
    public sealed record Size(string Name, long? Rows, bool Exact);

    public sealed record Answer(string Schema, IReadOnlyList<Size> Relations);

    public static async Task<Answer> Handle(string schema, Caller caller, Sights sights, RestApi rest, Db db, CancellationToken ct)
    {
        var seen = (await sights.Now(ct)).Of(schema, caller);
        if (seen.Count == 0) throw Problem.NotFound("schema");
        // It asks much of the database: one of the organization's places, as any request to its tables.
        using var place = await Enter(rest, caller, ct);
        var sizes = new List<Size>();
        foreach (var (relation, _) in seen) sizes.Add(await Of(db, schema, relation.Name, ct));
        return new Answer(schema, sizes);
    }

    private static async Task<IDisposable> Enter(RestApi rest, Caller caller, CancellationToken ct)
    {
        try
        {
            return await rest.Places.Enter(caller.Tenant.OrganizationId!.Value, ct);
        }
        catch (ApiError full)
        {
            throw new Problem(503, "too_many_at_once", full.Message + ". Ask again a little later.") { RetryAfter = TimeSpan.FromSeconds(2) };
        }
    }

    private static async Task<Size> Of(Db db, string schema, string name, CancellationToken ct)
    {
        var relation = (Sql)$"{Sql.Identifier(schema)}.{Sql.Identifier(name)}";
        try
        {
            return await db.InTransaction(t => Look(t, relation, name, ct), ct);
        }
        catch (Exception e) when (e is PostgresException { IsTransient: false } or NpgsqlException { InnerException: TimeoutException })
        {
            // A view over what this caller may not read, one that takes too long, or one that fails by itself: the others are told of all the same.
            // A server that stops or is full is said as everywhere.
            return new Size(name, null, false);
        }
    }

    private static async Task<Size> Look(Transaction t, Sql relation, string name, CancellationToken ct)
    {
        await t.Run($"select set_config('statement_timeout', {Longest}, true)", ct);
        using var plan = JsonDocument.Parse(await t.One<string>($"explain (format json) select from {relation}", ct));
        var top = plan.RootElement[0].GetProperty("Plan");
        var (rows, first, all) = (top.GetProperty("Plan Rows").GetInt64(), top.GetProperty("Startup Cost").GetDouble(), top.GetProperty("Total Cost").GetDouble());
        if (first + (all - first) * Math.Min(1, (Counted + 1.0) / Math.Max(rows, 1)) > MostCost) return new Size(name, rows, false);
        var counted = await t.One<long>($"select count(*) from (select from {relation} limit {Counted + 1}) as few", ct);
        return counted <= Counted ? new Size(name, counted, true) : new Size(name, Math.Max(rows, counted), false);
    }
}
