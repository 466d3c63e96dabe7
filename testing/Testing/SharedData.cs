namespace Clientele.Testing;

/// <summary>
/// Other people's data sets and test cases, which lie beside the project (../shared) on its developers' machines and are
/// never part of it. A test that needs one skips with a clear line where it is absent.
/// </summary>
public static class SharedData
{
    /// <summary>Path of a file under ../shared, or null when it is not there.</summary>
    public static string? Find(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "shared", relative);
            if (File.Exists(path) || Directory.Exists(path)) return path;
        }
        return null;
    }

    /// <summary>The project's root folder.</summary>
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Clientele.slnx"))) folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the project's folder.");
        }
    }
}
