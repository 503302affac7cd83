namespace WanSharp.Media;

/// <summary>A clip or picture that somebody named.</summary>
internal static class MediaFile
{
    /// <exception cref="MediaException">There is no file at the path.</exception>
    public static void Require(string path)
    {
        if (!File.Exists(path))
        {
            throw new MediaException(
                Directory.Exists(path) ? $"{path} is a folder: name a file in it." : $"{path} is not there: check the path."
            );
        }
    }
}
