using Clientele.DataApi.Rest;
using Clientele.Platform.Web;

namespace Clientele.DataApi.Browse;

/// <summary>GET /api/data: the schemas of the Data API, and their tables and views as far as the caller may see them.</summary>
internal static class ListRelations
{
    /// <param name="Usual">The schema meant by a request that names none; null: there is none.</param>
    public sealed record Answer(string? Usual, IReadOnlyList<Schema> Schemas);

    /// <param name="Blueprint">A product's vocabulary over the modules' tables; otherwise a module.</param>
    public sealed record Schema(string Name, bool Blueprint, string? Comment, IReadOnlyList<Item> Relations);

    public sealed record Item(string Name, bool View, string? Comment, bool Writable);

    public static async Task<Answer> Handle(Caller caller, RestApi rest, Sights sights, CancellationToken ct)
    {
        var sight = await sights.Now(ct);
        var schemas = new List<Schema>();
        foreach (var name in sight.Catalogue.Schemas)
        {
            var seen = sight.Of(name, caller);
            if (seen.Count == 0) continue;
            schemas.Add(new Schema(name, sight.Blueprints.Contains(name), sight.Catalogue.SchemaComments.GetValueOrDefault(name),
                [.. seen.Select(s => new Item(s.Relation.Name, s.Relation.IsView, s.Relation.Comment, s.May.Write))]));
        }
        return new Answer(await rest.Usual(caller.OrganizationId!.Value, caller.WorkspaceId, ct), schemas);
    }
}
