namespace WanSharp.Hosting.Installation;

/// <summary>
/// Reads from npm's configuration where the user gets packages: the environment, then the user's own file. A project's file is not
/// read, and no credentials are.
/// </summary>
public static class NpmRegistries
{
    private const long LargestFile = 1 << 20;

    /// <summary>The registry that npm is configured to ask for a package; null where nothing names one.</summary>
    /// <param name="id">The package's name, perhaps with a scope: <c>@scope/name</c>.</param>
    /// <param name="variable">Reads an environment variable; null when it is not set.</param>
    /// <param name="userConfiguration">The user's own configuration file, which may not exist.</param>
    public static string? Read(string id, Func<string, string?> variable, string userConfiguration)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(variable);
        var settings = Settings(variable("npm_config_userconfig") ?? variable("NPM_CONFIG_USERCONFIG") ?? userConfiguration);
        var scoped = id.StartsWith('@') ? settings.GetValueOrDefault($"{id.Split('/')[0]}:registry") : null;
        return scoped ?? variable("npm_config_registry") ?? variable("NPM_CONFIG_REGISTRY") ?? settings.GetValueOrDefault("registry");
    }

    /// <summary>Lines <c>name = value</c>; those that begin with # or ; are comments.</summary>
    private static Dictionary<string, string> Settings(string file)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(file) || Tensors.FileFacts.Of(file).Length > LargestFile)
        {
            return settings;
        }

        foreach (var line in File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not ('#' or ';')))
        {
            if (line.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value])
            {
                settings[name] = value.Trim('"', '\'');
            }
        }

        return settings;
    }
}
