using System.Globalization;
using System.Reflection;

namespace Clientele.Platform.Health;

/// <summary>This process among those that serve one database.</summary>
/// <param name="DataFolder">Where it keeps what is its own; null: nowhere that lasts.</param>
public sealed record Node(string? DataFolder = null)
{
    private const int NameAtMost = 100;

    /// <summary>Another one each time it starts.</summary>
    public Guid Id { get; } = Guid.CreateVersion7();

    /// <summary>The machine's name, or what CLIENTELE_NODE says: two on one machine need two.</summary>
    public string Name { get; } = NameOf(PlatformOptions.Word("CLIENTELE_NODE") ?? Environment.MachineName);

    /// <summary>Of this build.</summary>
    public static string Version { get; } = typeof(Node).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion is { Length: > 0 } version
        ? version[..Math.Min(version.Length, NameAtMost)] : "0";

    private static string NameOf(string word) => word.Length == 0 ? "node" : word[..Math.Min(word.Length, NameAtMost)].ToLower(CultureInfo.InvariantCulture);
}
