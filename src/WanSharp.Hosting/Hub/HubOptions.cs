namespace WanSharp.Hosting.Hub;

/// <summary>
/// Where models are pulled from, and where they are kept: what Hugging Face's own programs read, from the same variables.
/// </summary>
public sealed class HubOptions
{
    private const string PublicEndpoint = "https://huggingface.co";
    private static readonly string[] Yes = ["1", "ON", "YES", "TRUE"];

    /// <summary>The cache folder. Default: <c>.cache/huggingface/hub</c> in the user's folder.</summary>
    public string CacheFolder { get; init; } = Path.Combine(HomeOf(_ => null), ".cache", "huggingface", "hub");

    /// <summary>The address of the hub. Default: the public one.</summary>
    public string Endpoint { get; init; } = PublicEndpoint;

    /// <summary>The user's token for the hub; null to read it from <see cref="TokenFile"/>. It is sent to the hub only.</summary>
    public string? Token { get; init; }

    /// <summary>The file with the token; null for none. Read only when something is pulled.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Whether no connection may be opened.</summary>
    public bool IsOffline { get; init; }

    /// <summary>
    /// Whether files of a snapshot may be links to their contents. Default: true; where the system has none, they are copies.
    /// </summary>
    public bool MayLink { get; init; } = true;

    /// <summary>
    /// The options that environment variables set: <c>HF_HUB_CACHE</c>, <c>HF_HOME</c>, <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c>,
    /// <c>HF_TOKEN_PATH</c>, <c>HF_HUB_OFFLINE</c>, <c>HF_HUB_DISABLE_SYMLINKS</c>, <c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c>.
    /// </summary>
    /// <param name="variable">Reads a variable; null when it is not set.</param>
    public static HubOptions FromEnvironment(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        var user = HomeOf(variable);
        var home = PathIn("HF_HOME") ?? Path.Combine(PathIn("XDG_CACHE_HOME") ?? Path.Combine(user, ".cache"), "huggingface");
        var maySend = !IsSet("HF_HUB_DISABLE_IMPLICIT_TOKEN");
        return new HubOptions
        {
            CacheFolder = PathIn("HF_HUB_CACHE") ?? PathIn("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub"),
            Endpoint = variable("HF_ENDPOINT")?.TrimEnd('/') ?? PublicEndpoint,
            Token = maySend ? variable("HF_TOKEN") ?? variable("HUGGING_FACE_HUB_TOKEN") : null,
            TokenFile = maySend ? PathIn("HF_TOKEN_PATH") ?? Path.Combine(home, "token") : null,
            IsOffline = IsSet("HF_HUB_OFFLINE"),
            MayLink = !IsSet("HF_HUB_DISABLE_SYMLINKS"),
        };

        bool IsSet(string name) => Yes.Contains(variable(name), StringComparer.OrdinalIgnoreCase);

        string? PathIn(string name) =>
            variable(name) is not { } path ? null
            : path is ['~', '/' or '\\', ..] ? Path.Combine(user, path[2..])
            : path;
    }

    private static string HomeOf(Func<string, string?> variable) =>
        variable(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
