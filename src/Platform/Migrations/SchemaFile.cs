using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Clientele.Platform.Modules;

namespace Clientele.Platform.Migrations;

/// <summary>
/// One SQL file of a module. Files directly under <c>schema/</c> are applied once, in the order of their numbers;
/// files under <c>schema/code/</c> (functions and views) whenever their text changed, after the numbered ones.
/// </summary>
public sealed record SchemaFile(string Module, string Name, string Text)
{
    public bool IsCode => Name.StartsWith("code/", StringComparison.Ordinal);

    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text.ReplaceLineEndings("\n"))));

    /// <summary>All files of all modules, in the order they are applied.</summary>
    public static IReadOnlyList<SchemaFile> Of(IEnumerable<IModule> modules) =>
        [.. modules.SelectMany(module => Of(module.Name, module.Assembly).OrderBy(f => f.IsCode).ThenBy(f => f.Name, StringComparer.Ordinal))];

    /// <summary>A word for the whole schema: equal schemas have equal words. Names the template database of the tests.</summary>
    public static string Fingerprint(IEnumerable<SchemaFile> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files.Select(f => f.Module + f.Name + f.Checksum)))))[..16];

    private static IEnumerable<SchemaFile> Of(string module, Assembly assembly) => assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith("schema/", StringComparison.Ordinal))
        .Select(name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            return new SchemaFile(module, name["schema/".Length..], reader.ReadToEnd());
        });
}
