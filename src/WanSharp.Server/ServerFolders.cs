namespace WanSharp.Server;

/// <summary>The folders in a server's data folder.</summary>
internal static class ServerFolders
{
    /// <summary>The jobs and their clips.</summary>
    public const string Videos = "videos";

    /// <summary>Files that requests brought: pictures, clips, cameras.</summary>
    public const string Uploads = "uploads";

    /// <summary>Pictures of clips.</summary>
    public const string Pictures = "pictures";
}
