namespace WanSharp.Tensors;

/// <summary>A request asks for something that cannot be made. The message names the value and the nearest valid one.</summary>
public sealed class InvalidRequestException : Exception
{
    /// <summary>An exception about one field of a request.</summary>
    /// <param name="field">The field, as users know it: "size", "frames".</param>
    /// <param name="message">What is wrong and what to ask for instead.</param>
    public InvalidRequestException(string field, string message)
        : base(message) => Field = field;

    /// <summary>The request's field that is wrong.</summary>
    public string Field { get; }

    /// <summary>
    /// Whether a file or a folder that it names is missing or cannot be used; how it was asked for is right. Default: false.
    /// </summary>
    public bool IsOfFile { get; init; }
}
