// Offers the nearest store where the browser can say where it is; without it the list by city is there.
(function () {
  var button = document.querySelector(".near");
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", function () {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      function (found) {
        var query = new URLSearchParams(location.search);
        query.set("at", found.coords.latitude.toFixed(3) + "," + found.coords.longitude.toFixed(3));
        query.delete("q");
        location.search = query.toString();
      },
      function () {
        button.disabled = false;
        button.hidden = true;
      },
      { maximumAge: 600000, timeout: 8000 },
    );
  });
})();
