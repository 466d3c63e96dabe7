using Clientele.Platform.Data;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Analytics.Queries;

/// <summary>GET /api/analytics/vocabulary: what there is to ask about, by what really occurred; the catalogue gives it its names.</summary>
internal static class ListVocabulary
{
    /// <summary>A type of event.</summary>
    /// <param name="Name">As people read it; null where the catalogue has no such type.</param>
    /// <param name="Count">How many there are.</param>
    /// <param name="Properties">Names of properties seen on it.</param>
    /// <param name="Fields">Fields seen on it.</param>
    internal sealed record TypeView(string Type, string? Name, string? Category, long Count, IReadOnlyList<string> Properties, IReadOnlyList<string> Fields);

    /// <summary>What a condition or a breakdown can name.</summary>
    /// <param name="Kind"><c>text</c>, <c>number</c> or <c>boolean</c>: what all its values are.</param>
    /// <param name="Values">How many different ones were seen.</param>
    /// <param name="Column">False: questions that use it are answered by PostgreSQL.</param>
    internal sealed record NameView(string Name, ValueKind Kind, int Values, bool Column);

    /// <param name="From">The day of the first event in the organization's zone; null without events.</param>
    /// <param name="To">The day of the last.</param>
    internal sealed record View(
        IReadOnlyList<TypeView> Events, IReadOnlyList<NameView> Properties, IReadOnlyList<NameView> Fields, IReadOnlyList<NameView> Attributes, DateOnly? From, DateOnly? To, string TimeZone);

    private sealed record Known(string Type, string Name, string Category);

    public static async Task<View> Handle(Db db, QuestionDesk desk, CancellationToken ct)
    {
        var survey = desk.Store(db.Tenant.OrganizationId!.Value).Survey(ct);
        var types = survey.Events.Select(e => e.Type).ToArray();
        var zone = await db.One<string>($"select o.time_zone from platform.organizations o where o.id = platform.organization()", ct);
        // A type that two blueprints know has the name of the organization's own, if one of them is.
        var known = (await db.List<Known>($"""
            select distinct on (t.event_type) t.event_type as type, t.title as name, t.category
            from events.event_types t
            left join platform.workspaces w on w.organization_id = platform.organization() and w.blueprint = t.blueprint
            where t.event_type = any({types})
            order by t.event_type, w.id is null, t.blueprint
            """, ct)).ToDictionary(k => k.Type, StringComparer.Ordinal);
        var local = TimeZoneInfo.FindSystemTimeZoneById(zone);
        DateOnly? Day(long? second) => second is { } s ? DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(s), local).DateTime) : null;
        List<NameView> Names(Func<Operand, string?> name) => [.. survey.Operands.Where(o => name(o.Of) is not null).Select(o => new NameView(name(o.Of)!, o.Kind, o.Values, o.Column))];
        return new View(
            [.. survey.Events.Select(e => new TypeView(e.Type, known.GetValueOrDefault(e.Type)?.Name, known.GetValueOrDefault(e.Type)?.Category, e.Count,
                [.. e.Properties.Select(p => p.Property).OfType<string>()], [.. e.Properties.Select(p => p.Field).OfType<string>()]))],
            Names(o => o.Property), Names(o => o.Field), Names(o => o.Attribute), Day(survey.First), Day(survey.Last), zone);
    }
}
