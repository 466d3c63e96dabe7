using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Tenancy;

namespace Clientele.Server;

/// <summary>
/// Whose data folder it is. Files, keys, backups and timelines in it are one installation's: a server of another database would sweep
/// away the files that it knows nothing of. The installation's id stands in the database and, from the first start on, in the folder.
/// </summary>
internal static class ServedFolder
{
    /// <exception cref="SetupException">It is another installation's.</exception>
    public static async Task Claim(Databases databases, string folder, CancellationToken ct)
    {
        var id = await new Db(databases.Service, Tenant.None).One<Guid>($"select i.id from platform.installation i", ct);
        var file = Note(folder);
        if (!File.Exists(file))
        {
            // Beside it, on the disk, and then renamed: one that a power cut left empty would be taken for another installation's.
            await using (var stream = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
            {
                stream.Write(Encoding.ASCII.GetBytes($"{id}\n"));
                stream.Flush(flushToDisk: true);
            }
            File.Move(file + ".new", file, overwrite: true);
            return;
        }
        if (!Guid.TryParse(await File.ReadAllTextAsync(file, ct), out var known) || known != id)
            throw new SetupException(
                $"{Path.GetFullPath(folder)} belongs to another installation: the files, keys and timelines in it are not of this database. Name another folder with --data; if this database takes the other's place for good, remove {file}.");
    }

    /// <summary>Before a private PostgreSQL is made in a folder whose database is elsewhere, or was in it and is gone.</summary>
    /// <exception cref="SetupException">That is so.</exception>
    public static void RefuseWithoutDatabase(string folder)
    {
        if (File.Exists(Note(folder)) && !Directory.Exists(Path.Combine(folder, "postgres")))
            throw new SetupException(
                $"{Path.GetFullPath(folder)} belongs to an installation whose database is not in it. Start it with --database as before, put a backup back with clientele restore, or name another folder with --data; to begin anew with this folder's files and keys, remove {Note(folder)}.");
    }

    /// <summary>After a restore: the next start notes whose it is now.</summary>
    public static void Release(string folder) => File.Delete(Note(folder));

    private static string Note(string folder) => Path.Combine(Path.GetFullPath(folder), "installation");
}
