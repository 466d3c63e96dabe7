using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Clientele.Platform.Modules;

namespace Clientele.Platform.Migrations;

/// <summary>
/// One SQL file of a module. Files directly under <c>schema/</c> are applied once, in the order of their numbers;
/// files under <c>schema/code/</c> (functions and views) whenever their text changed, after the numbered ones.
/// <c>$include name.json$</c> stands for the text of a file beside <c>schema/</c>'s own, as an SQL literal.
/// </summary>
public sealed partial record SchemaFile(string Module, string Name, string Text)
{
    public bool IsCode => Name.StartsWith("code/", StringComparison.Ordinal);

    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text.ReplaceLineEndings("\n"))));

    /// <summary>All files of all modules, in the order they are applied.</summary>
    public static IReadOnlyList<SchemaFile> Of(IEnumerable<IModule> modules) =>
        [.. modules.SelectMany(module => Of(module).OrderBy(f => f.IsCode).ThenBy(f => f.Name, StringComparer.Ordinal))];

    /// <summary>A word for the whole schema: equal schemas have equal words. Names the template database of the tests.</summary>
    public static string Fingerprint(IEnumerable<SchemaFile> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files.Select(f => f.Module + f.Name + f.Checksum)))))[..16];

    private static IEnumerable<SchemaFile> Of(IModule module) => module.Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(module.SchemaFolder, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
        .Select(name => new SchemaFile(module.Name, name[module.SchemaFolder.Length..], Include().Replace(Read(module.Assembly, name), match =>
            $"$json${Read(module.Assembly, module.SchemaFolder + match.Groups[1].Value)}$json$")));

    private static string Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"There is no embedded file {name}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\$include ([\w./-]+)\$")]
    private static partial Regex Include();
}
