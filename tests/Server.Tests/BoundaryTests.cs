using System.Text.RegularExpressions;
using Clientele.Platform.Migrations;
using Clientele.Testing;

namespace Clientele.Server.Tests;

/// <summary>Modules depend one way, and reach into another's schema only through what it publishes.</summary>
public sealed partial class BoundaryTests
{
    // What each module lets others use: functions, views, and keys to refer to. Everything else is its own.
    private static readonly Dictionary<string, string[]> published = new()
    {
        ["platform"] = ["platform.tenant", "platform.organization", "platform.actor", "platform.workspace", "platform.protect", "platform.searchable", "platform.owned_by_search",
                        "platform.touch", "platform.organizations", "platform.workspaces", "platform.imports"],
        ["log"] = ["log.events", "log.events_history", "log.facts", "log.append", "log.moment", "log.undone_batches"],
        ["customers"] = ["customers.customers", "customers.ensure", "customers.names", "customers.search", "customers.imported_by", "customers.remove_imported"],
        ["events"] = [],
        ["commerce"] = ["commerce.counts_as_sale"],
    };

    // Which schemas a module may name at all: its own, and those of the modules it depends on.
    private static readonly Dictionary<string, string[]> reads = new()
    {
        ["platform"] = ["platform", "log"],
        ["customers"] = ["customers", "platform", "log"],
        ["events"] = ["events", "customers", "platform", "log"],
        ["commerce"] = ["commerce", "customers", "events", "platform", "log"],
    };

    private static readonly Dictionary<string, string> folders = new()
    {
        ["platform"] = "src/Platform",
        ["customers"] = "src/Modules/Customers",
        ["events"] = "src/Modules/Events",
        ["commerce"] = "src/Modules/Commerce",
    };

    [Fact]
    public void Assemblies_depend_one_way()
    {
        var order = Modules.All.Select(m => m.Assembly).ToList();
        foreach (var (assembly, place) in order.Select((a, i) => (a, i)))
        {
            var later = order.Skip(place + 1).Select(a => a.GetName().Name).ToHashSet();
            Assert.DoesNotContain(assembly.GetReferencedAssemblies(), r => later.Contains(r.Name));
        }
    }

    [Fact]
    public void Every_module_is_checked_here() => Assert.Equal(Modules.All.Select(m => m.Name).Order(), folders.Keys.Order());

    [Fact]
    public void Sql_names_only_what_other_modules_publish()
    {
        var faults = new List<string>();
        foreach (var (module, folder) in folders)
        {
            var path = Path.Combine(SharedData.Root, folder);
            var texts = Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(path, "*.sql", SearchOption.AllDirectories))
                .Where(f => !f.Contains("/Tests/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));
            foreach (var file in texts)
            {
                foreach (Match match in Relation().Matches(WithoutComments(File.ReadAllText(file))))
                {
                    var (schema, name) = (match.Groups[1].Value, match.Value);
                    if (schema == module || (module == "platform" && schema == "log")) continue;
                    if (!reads[module].Contains(schema)) faults.Add($"{Path.GetRelativePath(SharedData.Root, file)}: {module} may not know {schema} ({name})");
                    else if (!published[schema].Contains(name)) faults.Add($"{Path.GetRelativePath(SharedData.Root, file)}: {name} is not published by {schema}");
                }
            }
        }
        Assert.Empty(faults.Distinct());
    }

    [Fact]
    public void Every_schema_file_belongs_to_a_known_module() =>
        Assert.All(SchemaFile.Of(Modules.All), f => Assert.Contains(f.Module, folders.Keys));

    private static string WithoutComments(string text) => Comment().Replace(text, string.Empty);

    [GeneratedRegex(@"\b(platform|log|customers|events|commerce)\.[a-z_]+\b")]
    private static partial Regex Relation();

    [GeneratedRegex(@"--[^\n]*|///[^\n]*|//[^\n]*|comment on [^;]*;|'[^'\n]*'", RegexOptions.IgnoreCase)]
    private static partial Regex Comment();
}
