using Microsoft.AspNetCore.Http;

namespace WanSharp.Server.Pictures;

/// <summary>A picture that a request brings: a file, or text that is an address or a <c>data:</c> URL.</summary>
/// <param name="Field">The request's field, for messages.</param>
/// <param name="File">The file; null for a text.</param>
/// <param name="Text">The text; null for a file.</param>
internal sealed record PictureSource(string Field, IFormFile? File, string? Text);
