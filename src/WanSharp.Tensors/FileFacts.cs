namespace WanSharp.Tensors;

/// <summary>
/// The length and times of files. Hugging Face's cache and many model folders are made of links, and what the system says of a
/// link is the length and the times of the link itself.
/// </summary>
public static class FileFacts
{
    /// <summary>The file at a path or, if that is a link, the file at its end, which need not exist.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static FileInfo Of(string path)
    {
#pragma warning disable RS0030 // the one place where links are followed
        var file = new FileInfo(path);
#pragma warning restore RS0030
        return file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
    }

    /// <summary>The bytes of several files together.</summary>
    /// <param name="paths">The files.</param>
    /// <exception cref="IOException">One of them does not exist.</exception>
    public static long Length(IEnumerable<string> paths) => paths.Sum(path => Of(path).Length);
}
