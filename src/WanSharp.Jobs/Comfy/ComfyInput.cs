namespace WanSharp.Jobs.Comfy;

/// <summary>An input of a node of a workflow, written <c>6.text</c>.</summary>
/// <param name="Node">The node's id.</param>
/// <param name="Name">The input's name.</param>
public sealed record ComfyInput(string Node, string Name)
{
    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <returns>The input, or null when the text has not that form.</returns>
    public static ComfyInput? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('.', 2) is [{ Length: > 0 } node, { Length: > 0 } name] ? new ComfyInput(node, name) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Node}.{Name}";
}
