using Clientele.DataApi.Plan;
using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.DataApi.Rest;

/// <summary>
/// Writes to the audit trail that somebody reads a table about people (<c>platform.sensitive_relations</c>, and a blueprint's views of
/// them), before they do. The same reader and table within a minute is one entry.
/// </summary>
internal sealed class Readings(Databases databases, RecentReads recent, TimeProvider clock)
{
    private static readonly TimeSpan believed = TimeSpan.FromMinutes(1);

    private sealed record Known(HashSet<string> Relations, long At);

    private Known? sensitive;

    /// <param name="action">What will be done.</param>
    /// <param name="tenant">For whom.</param>
    /// <param name="reader">A session or a key.</param>
    /// <param name="ct">Stops it.</param>
    public async ValueTask Record(ActionPlan action, Tenant tenant, Guid reader, CancellationToken ct)
    {
        var read = new HashSet<string>(StringComparer.Ordinal);
        switch (action)
        {
            case ReadAction one: Rows(one.Rows, read); break;
            case WriteAction write when write.Return == Parse.Return.Representation: Rows(write.Rows, read); break;
            case CallAction { Rows: { } rows }: Rows(rows, read); break;
        }
        if (read.Count == 0 || tenant.OrganizationId is not { } organization) return;
        read.IntersectWith(await Sensitive(ct));
        foreach (var relation in read)
            await recent.Once(reader, organization, relation, null, () => new Db(databases.Application, tenant).Run($"select platform.audit('read', {relation}, description => 'Over the Data API')", ct));
    }

    private static void Rows(ReadPlan plan, HashSet<string> read)
    {
        if (plan.Relation is { } relation) read.Add(relation.Schema + "." + relation.Name);
        foreach (var embed in plan.Embeds) Rows(embed.Rows, read);
    }

    private async ValueTask<HashSet<string>> Sensitive(CancellationToken ct)
    {
        if (sensitive is { } known && clock.GetElapsedTime(known.At) < believed) return known.Relations;
        var relations = await new Db(databases.Service, Tenant.None).List<string>($"""
            select s.relation from platform.sensitive_relations s
            union
            select c.blueprint || '.' || c.relation from platform.blueprint_columns c join platform.sensitive_relations s on s.relation = c.base_relation
            """, ct);
        var read = new Known(relations.ToHashSet(StringComparer.Ordinal), clock.GetTimestamp());
        sensitive = read;
        return read.Relations;
    }
}
