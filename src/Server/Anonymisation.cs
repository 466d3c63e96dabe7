using Clientele.Platform.Backups;

namespace Clientele.Server;

/// <summary>What becomes of each column of this build in an anonymised copy: <c>anonymise.txt</c>.</summary>
public static class Anonymisation
{
    public static AnonymisationRules Rules
    {
        get
        {
            using var stream = typeof(Anonymisation).Assembly.GetManifestResourceStream("anonymise.txt")!;
            using var reader = new StreamReader(stream);
            return AnonymisationRules.Parse(reader.ReadToEnd());
        }
    }
}
