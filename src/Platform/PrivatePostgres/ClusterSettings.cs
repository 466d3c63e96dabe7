using System.Globalization;
using System.Text;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>The settings Clientele gives its PostgreSQL: clientele.conf, written anew at each start.</summary>
internal static class ClusterSettings
{
    internal static string Text(DataFolder folder, PrivatePostgresOptions options, bool countsStatements)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        AddEach(settings, Common(folder));
        if (countsStatements && options.Durable)
        {
            settings["shared_preload_libraries"] = "pg_stat_statements"; // what operators are shown as slow statements
            settings["pg_stat_statements.max"] = "2000";
            settings["pg_stat_statements.track_utility"] = "off"; // thousands of different ones while the schema is made, none of them asked twice
        }
        AddEach(settings, options.Durable ? Durable(Memory.Megabytes()) : Fast());
        if (options is { Durable: true, Archive: not null })
            AddEach(settings, Archived());
        AddEach(settings, options.Settings);

        var text = new StringBuilder("# Written by Clientele at each start. Settings of your own belong in local.conf beside it.\n");
        foreach (var (name, value) in settings)
            text.Append(CultureInfo.InvariantCulture, $"{name} = '{value.Replace("'", "''", StringComparison.Ordinal)}'\n");
        return text.Append("include_if_exists 'local.conf'\n").ToString();
    }

    private static Dictionary<string, string> Common(DataFolder folder) => new()
    {
        ["listen_addresses"] = "",
        ["cluster_name"] = folder.Name,
        ["max_connections"] = "100",
        ["max_locks_per_transaction"] = "256", // pg_dump locks every table at once: some 300, and their partitions
        ["password_encryption"] = "scram-sha-256",
        ["timezone"] = "UTC",
        ["jit"] = "off", // compiling takes longer than most of our queries
        ["random_page_cost"] = "1.1",
        ["idle_in_transaction_session_timeout"] = "60s", // one forgotten transaction would hold up every consumer of the log
        ["client_connection_check_interval"] = "1s", // a query ends soon after the process that asked it was killed
        ["track_io_timing"] = "on",
        ["dynamic_shared_memory_type"] = Memory.SharedMemoryFolderIsSmall() ? "sysv" : "posix",
        ["logging_collector"] = "on",
        ["log_directory"] = folder.Logs,
        ["log_filename"] = "postgres-%Y-%m-%d-%H%M%S.log",
        ["log_file_mode"] = "0600",
        ["log_rotation_age"] = "1d",
        ["log_rotation_size"] = "10MB",
        ["log_timezone"] = "UTC",
        ["log_line_prefix"] = "%m [%p] %q%u@%d %a ",
        ["log_min_duration_statement"] = "2s",
        ["log_parameter_max_length"] = "0", // parameters hold personal data
        ["log_lock_waits"] = "on",
        ["log_temp_files"] = "64MB",
        ["log_autovacuum_min_duration"] = "10s",
        ["lc_messages"] = "C", // the messages we look for are English
    };

    /// <summary>Modest: the same machine runs Clientele and often more.</summary>
    private static Dictionary<string, string> Durable(long megabytes) => new()
    {
        ["shared_buffers"] = Size(megabytes / 8, 32, 2048),
        ["effective_cache_size"] = Size(megabytes / 2, 128, 65536),
        ["work_mem"] = Size(megabytes / 256, 4, 32),
        ["maintenance_work_mem"] = Size(megabytes / 32, 32, 512),
        ["max_wal_size"] = Size(megabytes / 2, 512, 4096),
        ["max_slot_wal_keep_size"] = "4096MB", // a replica that went away must not fill the disk
        ["wal_compression"] = "on",
        ["checkpoint_timeout"] = "10min",
    };

    private static Dictionary<string, string> Archived() => new()
    {
        ["archive_mode"] = "on",
        ["archive_command"] = $"sh {ArchiveFiles.ArchiveScript} \"%p\" \"%f\"",
        ["archive_timeout"] = "60s", // what is not archived yet is lost with the disk: a minute at most
    };

    private static Dictionary<string, string> Fast() => new()
    {
        ["fsync"] = "off", // what is committed still outlives the death of a process, which tests cause, but not of the machine
        ["wal_level"] = "minimal",
        ["max_wal_senders"] = "0",
        ["max_connections"] = "300",
        ["shared_buffers"] = "256MB",
        ["max_wal_size"] = "2GB",
        ["checkpoint_timeout"] = "30min",
    };

    private static string Size(long megabytes, long least, long most) =>
        Math.Clamp(megabytes, least, most).ToString(CultureInfo.InvariantCulture) + "MB";

    private static void AddEach(Dictionary<string, string> settings, IEnumerable<KeyValuePair<string, string>> more)
    {
        foreach (var (name, value) in more)
            settings[name] = value;
    }
}
