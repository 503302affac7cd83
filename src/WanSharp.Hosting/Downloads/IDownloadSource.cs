namespace WanSharp.Hosting.Downloads;

/// <summary>A file that can be asked for in parts.</summary>
internal interface IDownloadSource
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Its bytes; null until a server says.</summary>
    long? Length { get; }

    /// <summary>Asks for bytes.</summary>
    /// <param name="from">The first one.</param>
    /// <param name="to">The one after the last one; null for all to the end.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The answer, whatever its status; its content has not been read.</returns>
    Task<HttpResponseMessage> OpenAsync(long from, long? to, CancellationToken cancellationToken);
}
