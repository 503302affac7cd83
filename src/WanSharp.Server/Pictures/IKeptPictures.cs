namespace WanSharp.Server.Pictures;

/// <summary>A part of the server that names pictures which no video needs yet.</summary>
internal interface IKeptPictures
{
    /// <summary>Forgets names that are old or lead nowhere.</summary>
    /// <param name="now">The time.</param>
    /// <returns>The file names of the pictures that are still named.</returns>
    IReadOnlySet<string> Sweep(DateTimeOffset now);
}
