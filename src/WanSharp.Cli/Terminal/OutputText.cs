using System.Text;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// A standard stream as text in UTF-8: prompts and styles come in every language, whatever the terminal's code page says. What cannot be
/// written is dropped and remembered, so that the work continues: a clip of an hour is worth more than the line about it. Thread-safe.
/// </summary>
/// <param name="stream">The stream. One whose reader has gone (<c>| head</c>) takes everything and drops it.</param>
internal sealed class OutputText(Stream stream) : TextWriter
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _writer = new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };

    /// <summary>Why something could not be written; null if all was.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    public override Encoding Encoding => _writer.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Write([value]);

    /// <inheritdoc/>
    public override void Write(string? value) => Write(value.AsSpan());

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_gate)
        {
            try
            {
                if (Failure is null)
                {
                    _writer.Write(buffer);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Failure = exception;
            }
        }
    }

    /// <inheritdoc/>
    public override void WriteLine() => Write(CoreNewLine);

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Write(value + NewLine); // in one piece, so that lines of two threads do not mix
}
