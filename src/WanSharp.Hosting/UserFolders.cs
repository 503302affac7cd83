namespace WanSharp.Hosting;

/// <summary>The user's folders, by each system's custom.</summary>
internal static class UserFolders
{
    /// <summary>Where programs keep what they can make again.</summary>
    public static string Cache(Func<string, string?> variable) =>
        variable("XDG_CACHE_HOME")
        ?? (
            OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Home, OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache")
        );

    /// <summary>Where programs find the user's settings.</summary>
    public static string Configuration(Func<string, string?> variable) =>
        variable("XDG_CONFIG_HOME")
        ?? (
            OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)
                : Path.Combine(Home, ".config")
        );

    /// <summary>Where programs keep what cannot be made again.</summary>
    public static string Data(Func<string, string?> variable) =>
        variable("XDG_DATA_HOME")
        ?? (
            OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : OperatingSystem.IsMacOS() ? Path.Combine(Home, "Library/Application Support")
            : Path.Combine(Home, ".local/share")
        );

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
