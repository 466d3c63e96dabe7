using System.Text;
using System.Text.RegularExpressions;
using Clientele.Blueprints;
using Clientele.Testing;

namespace Clientele.Server.Tests;

/// <summary>The chapter "Modules" of <c>docs/data-model.md</c> is written from the catalogue: tables, what guards them, and a diagram a module.</summary>
public sealed partial class DataModelDocsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private sealed record Table(string Module, string Name, string? Class, string About, bool Ledger, bool OnlyAdded, bool Partitions, string[] Keys);

    private sealed record State(string Relation, string Name, string Lines);

    private sealed record Reference(string Module, string Name, string Target, string Columns, bool Optional, bool Single);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_data_model_is_the_documented_one()
    {
        var file = Path.Combine(SharedData.Root, "docs", "data-model.md");
        var before = await File.ReadAllTextAsync(file, Ct);
        Assert.Matches(Written(), before);
        var modules = await Chapter();
        var after = Written().Replace(before, m => $"{m.Groups[1].Value}\n\n{modules}\n{m.Groups[2].Value}");
        if (after == before) return;
        await File.WriteAllTextAsync(file, after, Ct);
        Assert.Fail("docs/data-model.md was not up to date. It is now: look at the difference and commit it.");
    }

    [Fact]
    public async Task Every_golden_sample_is_there()
    {
        var folder = Path.Combine(SharedData.Root, "docs");
        var links = Link().Matches(await File.ReadAllTextAsync(Path.Combine(folder, "data-model.md"), Ct)).Select(m => m.Groups[1].Value).Where(l => !l.StartsWith("http", StringComparison.Ordinal)).ToList();
        Assert.True(links.Count > 10);
        Assert.All(links, l => Assert.True(File.Exists(Path.Combine(folder, l)) || Directory.Exists(Path.Combine(folder, l)), l));
    }

    private async Task<string> Chapter()
    {
        // The log is a schema of the platform's.
        var tables = await database.Service.List<Table>($"""
            select n.nspname::text as module, c.relname::text as name, a.class, coalesce(obj_description(c.oid, 'pg_class'), '') as about,
                   exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'platform.post_entry'::regproc) as ledger,
                   exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'platform.append_only'::regproc) as only_added,
                   c.relkind = 'p' as partitions,
                   array(select replace(format_type(k.atttypid, null), ' ', '_') || ' ' || k.attname from pg_attribute k
                         where k.attrelid = c.oid and k.attnum > 0 and not k.attisdropped and k.attname <> 'organization_id' and exists (
                             select from pg_index i where i.indrelid = c.oid and i.indisunique and k.attnum = any(i.indkey)
                             union all select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and k.attnum = any(f.conkey))
                         order by k.attnum) as keys
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            left join platform.table_access a on a.relation = c.oid::regclass::text
            where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'
            order by 1, 2
            """, Ct);
        var states = await database.Service.List<State>($"""
            select t.relation, t.state::text as name, string_agg(t.line, '; ' order by t.line) as lines
            from (select relation, state, from_state || coalesce(' → ' || string_agg(nullif(to_state, ''), ', ' order by to_state), '') as line
                  from platform.transitions group by relation, state, from_state) t
            group by 1, 2 order by 1, 2
            """, Ct);
        var references = await database.Service.List<Reference>($"""
            select n.nspname::text as module, c.relname::text as name, format('%s.%s', m.nspname, p.relname) as target, string_agg(a.attname, ', ' order by x.o) as columns,
                   bool_or(not a.attnotnull) as optional,
                   exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indkey::smallint[] <@ k.conkey) as single
            from pg_constraint k
            join pg_class c on c.oid = k.conrelid and not c.relispartition
            join pg_namespace n on n.oid = c.relnamespace
            join pg_class p on p.oid = k.confrelid
            join pg_namespace m on m.oid = p.relnamespace
            join unnest(k.conkey) with ordinality as x (n, o) on true
            join pg_attribute a on a.attrelid = c.oid and a.attnum = x.n and (a.attname <> 'organization_id' or cardinality(k.conkey) = 1)
            where k.contype = 'f' and p.oid not in ('platform.organizations'::regclass, 'platform.workspaces'::regclass, 'platform.platform_users'::regclass)
            group by 1, 2, 3, k.oid, c.oid, k.conkey order by 1, 2, 4, 3
            """, Ct);

        var text = new StringBuilder();
        foreach (var module in Modules.All.Where(m => m is not Blueprint).Select(m => m.Name))
        {
            string[] schemas = module == "platform" ? ["platform", "log"] : [module];
            var own = tables.Where(t => schemas.Contains(t.Module)).OrderBy(t => Array.IndexOf(schemas, t.Module)).ToList();
            text.Append($"### {module}\n\n| table | access | holds |\n|---|---|---|\n");
            foreach (var t in own)
            {
                string[] marks = [t.Ledger ? "Ledger." : t.OnlyAdded ? "Only added to." : string.Empty, t.Partitions ? "In monthly partitions." : string.Empty];
                text.Append($"| `{t.Module}.{t.Name}` | {t.Class ?? "owner only"} | {string.Join(' ', marks.Prepend(t.About).Where(w => w.Length > 0)).Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
            text.Append('\n');
            var moving = states.Where(s => own.Any(t => $"{t.Module}.{t.Name}" == s.Relation)).ToList();
            foreach (var s in moving) text.Append($"- `{s.Relation}.{s.Name}`: {s.Lines}\n");
            if (moving.Count > 0) text.Append('\n');
            Diagram(text, module, own, [.. references.Where(r => schemas.Contains(r.Module))]);
        }
        return text.ToString().TrimEnd() + "\n";
    }

    private static void Diagram(StringBuilder text, string module, List<Table> own, List<Reference> references)
    {
        text.Append("```mermaid\nerDiagram\n");
        foreach (var t in own)
        {
            text.Append($"    {Entity(module, $"{t.Module}.{t.Name}")}");
            if (t.Keys.Length > 0) text.Append($" {{\n{string.Concat(t.Keys.Select(k => $"        {Attribute().Replace(k, "_array ")}\n"))}    }}");
            text.Append('\n');
        }
        foreach (var other in references.Select(r => r.Target).Where(t => !own.Any(o => $"{o.Module}.{o.Name}" == t)).Distinct().Order(StringComparer.Ordinal))
            text.Append($"    {Entity(module, other)}[\"{other}\"]\n");
        foreach (var r in references)
            text.Append($"    {Entity(module, r.Target)} {(r.Optional ? "|o" : "||")}--{(r.Single ? "o|" : "o{")} {Entity(module, $"{r.Module}.{r.Name}")} : \"{r.Columns}\"\n");
        text.Append("```\n\n");
    }

    private static string Entity(string module, string relation) =>
        relation.StartsWith(module + ".", StringComparison.Ordinal) ? relation[(module.Length + 1)..] : relation.Replace('.', '_');

    [GeneratedRegex(@"(?s)(<!-- modules: written by DataModelDocsTests -->).*?(<!-- /modules -->)")]
    private static partial Regex Written();

    [GeneratedRegex(@"\]\(([^)#]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[\] ")]
    private static partial Regex Attribute();
}
