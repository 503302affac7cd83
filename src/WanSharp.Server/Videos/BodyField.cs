namespace WanSharp.Server.Videos;

/// <summary>A field of a request's body.</summary>
/// <param name="Name">Its name; a member of an object as <c>object.member</c>.</param>
/// <param name="Text">Its value as text: a list of numbers or texts is joined as the settings' fields read it.</param>
internal sealed record BodyField(string Name, string Text);
