using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Analytics.Queries;

/// <summary>GET /api/analytics/values: values of a property, a field or an attribute that occur, the most frequent first.</summary>
internal static class ListValues
{
    private const int Most = 100;

    /// <param name="Items">With the number of events that have the value; of an attribute, of customers.</param>
    /// <param name="Listed">False: there are too many different values to list them.</param>
    internal sealed record View(IReadOnlyList<ValueSurvey> Items, bool Listed);

    /// <param name="event">Only on events of this type.</param>
    /// <param name="search">Only those that contain it, in any case.</param>
    public static View Handle(string? property, string? field, string? attribute, string? @event, string? search, int? limit, Db db, QuestionDesk desk, CancellationToken ct)
    {
        // A parameter without a value is one that was left out.
        (property, field, attribute, @event) = (Given(property), Given(field), Given(attribute), Given(@event));
        if (new[] { property, field, attribute }.Count(n => n is not null) != 1) throw Problem.Invalid("property", "Name exactly one of property, field and attribute.");
        if (field is not null && (field == "value" || !Names.Fields.Contains(field))) throw Problem.Invalid("field", $"One of {string.Join(", ", Names.Fields.Where(f => f != "value"))}.");
        if (attribute is not null && !Names.Attributes.Contains(attribute) && !attribute.StartsWith(Names.Custom, StringComparison.Ordinal))
            throw Problem.Invalid("attribute", $"One of {string.Join(", ", Names.Attributes)}, or custom. and the key of a custom attribute.");
        if (attribute is not null && @event is not null) throw Problem.Invalid("event", "An attribute is the customer's, not an event's. Leave the event out.");
        if (limit is < 1 or > Most) throw Problem.Invalid("limit", "The limit is a number from 1 to 100.");
        var store = desk.Store(db.Tenant.OrganizationId!.Value);
        try
        {
            return new View(store.Values(new Operand { Property = property, Field = field, Attribute = attribute }, @event, Given(search), limit ?? 20, ct), true);
        }
        catch (NoColumnException)
        {
            return new View([], false);
        }
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
