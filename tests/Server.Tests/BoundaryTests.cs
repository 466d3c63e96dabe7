using System.Text.RegularExpressions;
using Clientele.Blueprints;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Testing;

namespace Clientele.Server.Tests;

/// <summary>
/// Modules depend one way, in the order of <see cref="Modules.All"/>, and reach into another's schema only through what it
/// publishes: what stands in backticks after "SQL:" in the chapter "Publishes" of its README. Blueprints are views over all
/// modules, and know nothing of one another.
/// </summary>
public sealed partial class BoundaryTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private sealed record Text(string Name, string Sql);

    private static readonly List<IModule> modules = [.. Modules.All.Where(m => m is not Blueprint)];

    [Fact]
    public void Assemblies_depend_one_way()
    {
        var order = Modules.All.Select(m => m.Assembly).Distinct().ToList();
        foreach (var (assembly, place) in order.Select((a, i) => (a, i)))
        {
            var later = order.Skip(place + 1).Select(a => a.GetName().Name).ToHashSet();
            Assert.DoesNotContain(assembly.GetReferencedAssemblies(), r => later.Contains(r.Name));
        }
    }

    [Fact]
    public void Modules_come_before_the_blueprints_that_read_them() => Assert.Equal([.. modules, .. Modules.All.OfType<Blueprint>()], Modules.All);

    [Fact]
    public void Sql_names_only_what_earlier_modules_publish()
    {
        var faults = new List<string>();
        foreach (var (module, place) in modules.Select((m, i) => (m, i)))
        {
            var earlier = modules.Take(place).SelectMany(Schemas).ToHashSet();
            foreach (var text in Texts(module))
            {
                foreach (var name in Relations(Quoted().Replace(text.Sql, string.Empty)).Where(n => !Schemas(module).Contains(SchemaOf(n))))
                {
                    if (!earlier.Contains(SchemaOf(name))) faults.Add($"{text.Name}: {module.Name} may not know {SchemaOf(name)} ({name})");
                    else if (!published.Value.Contains(name)) faults.Add($"{text.Name}: {name} is not published by {SchemaOf(name)}");
                }
            }
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults.Distinct()));
    }

    [Fact]
    public void Blueprints_know_nothing_of_one_another()
    {
        var faults = from blueprint in Modules.All.OfType<Blueprint>()
                     from text in Texts(blueprint)
                     from name in Relations(text.Sql)
                     where SchemaOf(name) != blueprint.Name && Modules.All.Any(m => m is Blueprint && m.Name == SchemaOf(name))
                     select $"{text.Name}: {name} is another blueprint's";
        Assert.Empty(faults.Distinct());
    }

    [Fact]
    public async Task What_is_published_is_there()
    {
        var there = await database.Service.List<string>($"""
            select format('%s.%s', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            union select format('%s.%s', n.nspname, p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            union select format('%s.%s', n.nspname, t.typname) from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'd'
            """, TestContext.Current.CancellationToken);
        Assert.NotEmpty(published.Value);
        Assert.Empty(published.Value.Except(there));
    }

    [Fact]
    public void Every_schema_file_belongs_to_a_known_module() => Assert.All(SchemaFile.Of(Modules.All), f => Assert.Contains(f.Module, Modules.All.Select(m => m.Name)));

    private static string SchemaOf(string relation) => relation[..relation.IndexOf('.', StringComparison.Ordinal)];

    // The log belongs to the platform and has a schema of its own.
    private static string[] Schemas(IModule module) => module.Name == "platform" ? ["platform", "log"] : [module.Name];

    private static string Folder(IModule module) => Path.Combine(SharedData.Root, module switch
    {
        Blueprint => $"blueprints/{module.Name}",
        { Name: "platform" } => "src/Platform",
        _ => "src/Modules/" + module.Assembly.GetName().Name!.Split('.')[^1],
    });

    private static readonly Lazy<HashSet<string>> published = new(() => [.. modules.SelectMany(Published)]);

    private static IEnumerable<string> Published(IModule module)
    {
        var readme = Path.Combine(Folder(module), "README.md");
        if (!File.Exists(readme)) return [];
        var listed = Chapter().Match(File.ReadAllText(readme)) is { Success: true } chapter ? chapter.Groups[1].Value : string.Empty;
        return Word().Matches(listed).Select(w => w.Groups[1].Value).Select(w => w.Contains('.', StringComparison.Ordinal) ? w : $"{module.Name}.{w}");
    }

    private static IEnumerable<Text> Texts(IModule module) =>
        Directory.EnumerateFiles(Folder(module), "*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".sql", StringComparison.Ordinal))
            .Where(f => !f.Contains("/Tests/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(f => new Text(Path.GetRelativePath(SharedData.Root, f), Comment().Replace(File.ReadAllText(f), string.Empty)));

    private static readonly Regex relation = new($@"(?<![\w.""])({string.Join('|', Modules.All.SelectMany(Schemas))})\.[a-z][a-z0-9_]*\b");

    private static IEnumerable<string> Relations(string text) => relation.Matches(text).Select(m => m.Value);

    [GeneratedRegex(@"--[^\n]*|///[^\n]*|//[^\n]*|comment on [^;]*;", RegexOptions.IgnoreCase)]
    private static partial Regex Comment();

    [GeneratedRegex(@"'[^'\n]*'")]
    private static partial Regex Quoted();

    // From "SQL:" to the end of its paragraph or the next entry of the list.
    [GeneratedRegex(@"(?ms)^## Publishes\s.*?\bSQL:(.*?)(?=\n- |\n\n|\n## |\z)")]
    private static partial Regex Chapter();

    [GeneratedRegex(@"`([a-z_]+(?:\.[a-z_0-9]+)?)`")]
    private static partial Regex Word();
}
